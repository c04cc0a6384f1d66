"""What a parcel, a finding and an answer are."""
