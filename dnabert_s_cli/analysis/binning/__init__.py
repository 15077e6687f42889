"""Contigs to bins: the space they lie in, the graph, communities and marker genes."""
