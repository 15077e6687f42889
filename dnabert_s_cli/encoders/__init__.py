"""Sequences to vectors: every model, with one loader and one embedder."""
