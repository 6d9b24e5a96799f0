"""Runs migrations on the connection that `backend.db.migrate` opened."""

from alembic import context

from tasks.kernel.columns import schema

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=schema(), transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
