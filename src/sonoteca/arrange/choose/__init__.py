"""Loops are chosen by what can play where, and which go together best."""
