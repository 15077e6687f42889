"""Sequences to vectors: every model, behind one loader and one embedder."""
