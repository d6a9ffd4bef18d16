"""The HTTP API: every question of the front over HTTP, held to the front exactly as the command line is."""
