"""``sonoteca playlist``: one file a verb; ``group`` holds what they share."""
