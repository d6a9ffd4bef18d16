"""``sonoteca models``: one file a verb."""
