"""Tools for assistants: the questions of the front over the Model Context Protocol, bounded in size and read-only unless allowed."""
