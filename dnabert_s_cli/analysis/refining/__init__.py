"""Bins of several binners to one set: what they agree on, candidates, their scores, and the choice among them."""
