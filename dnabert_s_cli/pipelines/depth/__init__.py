"""The `depth` command, and the depth of contigs for others."""
