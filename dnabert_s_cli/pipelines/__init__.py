"""One function per subcommand: files in, files out, reading as the recipe."""
