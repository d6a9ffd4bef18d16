"""``sonoteca events``: one module per command."""
