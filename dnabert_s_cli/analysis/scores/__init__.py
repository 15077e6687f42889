"""How good a clustering or binning is when the truth is known."""
