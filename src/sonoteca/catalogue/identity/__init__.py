"""Which sounds there are, and which files hold them."""
