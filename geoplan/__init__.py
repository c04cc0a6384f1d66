"""From the survey ledger of an industrial park to a plan for a new city district."""
