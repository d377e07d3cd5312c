"""Alembic's door: runs the migrations on the connection that schema.migrate hands over."""

from alembic import context

from schema.tables.ci import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
