"""Reports, maps and plots for people to look at, from plain values."""
