"""Bytes on disk to plain values and back: sequences, tables and bins. Never imports torch."""
