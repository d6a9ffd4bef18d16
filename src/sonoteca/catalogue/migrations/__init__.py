"""Alembic migrations, packaged; ``upgrade.py`` runs them, nothing else does."""
