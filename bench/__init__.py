"""Accuracy, speed and size, measured and compared with the last kept run: ``make bench``."""
