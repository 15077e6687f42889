"""The `embed` and `merge` commands."""
