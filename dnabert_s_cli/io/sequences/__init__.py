"""Sequences from files of every format: records, checked, with the line that each comes from."""
