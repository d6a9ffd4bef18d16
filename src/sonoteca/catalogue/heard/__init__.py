"""What was heard: runs, observations, vectors, tags, and the summaries that filters read."""
