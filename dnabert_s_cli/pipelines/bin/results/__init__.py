"""What becomes of bins: files, what is kept for samples that come later, and both together."""
