"""Pairs of sequences for training: read in a stream, indexed, and written."""
