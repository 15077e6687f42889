"""The options that commands share, and how flags are expanded."""
