"""From wishes to a choice of loops: what can play where, and which together are best."""
