"""The DNABERT-2 / DNABERT-S transformer: tokens to vectors, packed, on CPU and GPU."""
