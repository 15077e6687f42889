"""The commands, one module each: flags in, one pipeline called."""
