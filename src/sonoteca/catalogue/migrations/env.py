"""Alembic's entry: runs on the connection that ``upgrade.migrate`` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
# SQLite cannot alter most things in place: render_as_batch copies the table instead.
context.configure(connection=connection, render_as_batch=True, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
