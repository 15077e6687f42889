"""Embeddings on disk: arrays with their ids, parts of a run, text, and the cache of vectors."""
