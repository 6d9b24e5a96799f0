"""Alembic's rooms: one dated file per change, expand before contract, with a lock timeout."""
