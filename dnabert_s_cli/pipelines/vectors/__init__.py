"""Vectors of records, embedded now or read from a table."""
