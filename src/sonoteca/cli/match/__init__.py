"""``sonoteca match``: one file a verb; ``group`` holds what they share."""
