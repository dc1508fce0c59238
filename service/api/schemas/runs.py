"""Runs as shown."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class RunOut(BaseModel):
    """Long work. Poll it until `state` is done or failed."""

    id: str
    kind: str
    state: str
    stage: str
    done: int
    total: int
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
