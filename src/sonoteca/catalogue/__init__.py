"""The truth: schema, migrations, and one file per concern."""
