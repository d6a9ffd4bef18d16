"""Matching says what goes with what: two sounds are laid on one bar grid and weighed axis by axis."""
