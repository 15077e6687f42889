"""Labelled vectors to a classifier, and its calibrated answers."""
