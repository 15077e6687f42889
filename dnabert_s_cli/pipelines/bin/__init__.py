"""The `bin` command."""
