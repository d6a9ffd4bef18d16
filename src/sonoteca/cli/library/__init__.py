"""``sonoteca library``: the library as a whole, one file a word."""
