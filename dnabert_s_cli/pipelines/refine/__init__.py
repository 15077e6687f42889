"""The `refine` command."""
