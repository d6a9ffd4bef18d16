"""The query language: text to tree, tree to SQL, tree to predicate, lists and facets."""
