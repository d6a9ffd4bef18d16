"""``sonoteca import``: one file a format."""
