"""Alembic's entry: migrates over the connection that `service.store.migrate` hands in."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from service.store.tables import metadata
from service.store.tables.types import Json, UtcMoment


def _render(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(value, UtcMoment):
        return "UtcMoment()"
    if kind == "type" and isinstance(value, Json):
        return "sa.Text()"
    if kind == "type" and isinstance(value, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
