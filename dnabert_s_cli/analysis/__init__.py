"""Matrices to labels: neighbours, clusters, bins and their scores. No files, no torch."""
