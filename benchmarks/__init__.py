"""Side-by-side measurements: geoplan, its peers, published results."""
