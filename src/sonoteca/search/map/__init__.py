"""The map: a place for every region, near those that sound like it."""
