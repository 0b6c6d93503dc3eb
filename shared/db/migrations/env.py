"""Alembic environment: online only, on the connection that `shared.db.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import shared.db.models  # noqa: F401 - registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=True,
    on_version_apply=context.config.attributes["on_version_apply"],
)
with context.begin_transaction():
    context.run_migrations()
