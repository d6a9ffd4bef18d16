"""Routes, a module for each subject; every module here with a ``router`` is part of the server."""
