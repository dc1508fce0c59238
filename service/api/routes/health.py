"""For monitoring."""

import logging
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from service.api.problems import NOT_READY, problem
from service.errors import LarderError
from service.store import migrate
from service.store.session import Database

logger = logging.getLogger("larder.api")

router = APIRouter(prefix="/health", tags=["health"])


class HealthOut(BaseModel):
    """The service is healthy."""

    status: Literal["ok"] = "ok"


@router.get("/live", response_model=HealthOut)
def live() -> HealthOut:
    """The process answers."""
    return HealthOut()


@router.get("/ready", response_model=HealthOut)
def ready(request: Request) -> HealthOut | JSONResponse:
    """The database takes writes and has the tables this version needs; 503 otherwise."""
    # A load balancer waits no longer than a till.
    database: Database = request.app.state.till.database
    try:
        database.require_writable()
        with database.read() as session:
            revision = migrate.revision(session.connection())
    except LarderError as error:
        logger.error("not ready: %s", error.detail)
        return problem(request, status=503, title=error.title, detail=NOT_READY)
    if revision != migrate.head():
        return problem(
            request,
            status=503,
            title="Not ready",
            detail="The database needs `larder migrate`.",
        )
    return HealthOut()
