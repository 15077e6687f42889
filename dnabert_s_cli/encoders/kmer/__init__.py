"""k-mer counts, and the networks that turn them into vectors."""
