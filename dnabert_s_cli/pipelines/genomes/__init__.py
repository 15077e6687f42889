"""The `pairs` and `simulate` commands: pieces of genomes."""
