"""Labels and lineages of sequences, predictions, and classifier files."""
