"""Questions to result rows: query language, filters, similarity."""
