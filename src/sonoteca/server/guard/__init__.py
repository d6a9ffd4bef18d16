"""Who may ask: what is looked at before a request comes to a route."""
