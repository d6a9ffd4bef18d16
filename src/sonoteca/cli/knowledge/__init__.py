"""``sonoteca knowledge``: one file a verb; ``words`` holds what they share."""
