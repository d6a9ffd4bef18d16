"""The database: schema, migrations, connections, leases, events, backups."""
