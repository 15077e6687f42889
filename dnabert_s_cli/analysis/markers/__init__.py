"""Single-copy marker genes on contigs."""
