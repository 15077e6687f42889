"""Bins, clusters and marker genes on disk, and the tables that score them."""
