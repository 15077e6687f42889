"""Vectors to clusters: k-means, k-medoid, HDBSCAN."""
