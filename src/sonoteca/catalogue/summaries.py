"""Summaries: the winning values of each region as typed columns, derived and rebuildable."""
