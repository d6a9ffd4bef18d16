"""Sonoteca listens to recorded sound, keeps what it heard, and answers questions about it."""

__version__ = "0.1.0"
