"""Alembic migrations, packaged; ``upgrade.migrate`` runs them, nothing else does.

A new one is a file ``versions/0002_what_changes.py`` with ``revision = "0002"`` and ``down_revision = "0001"``;
``schema.REVISION`` follows, and a test compares what all of them make with ``schema.metadata``.
Downgrades do not exist: the backup made before an upgrade is the way back.
"""
