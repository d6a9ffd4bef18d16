"""What goes with what: evidence of two sounds on one bar grid, weighed axis by axis."""
