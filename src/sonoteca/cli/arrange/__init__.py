"""``sonoteca arrange``: pieces made of the library's loops, one file a word."""
