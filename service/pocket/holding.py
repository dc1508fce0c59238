"""Who looks at a page of the pocket."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from service.members import pocket
from service.members.pocket import Holder
from service.pages.cookies import SESSION, jar_of
from service.settings import Settings
from service.store.session import Database


def stored(request: Request) -> tuple[Database, Settings]:
    """What the pocket was made with."""
    return request.app.state.database, request.app.state.settings


def _holder(request: Request) -> Holder:
    """Who looks. Raises Unauthorized for a browser that opened no letter's code."""
    database, settings = stored(request)
    token = jar_of(request, settings).read(request, SESSION)
    return pocket.holder_of(database, settings, token, now=datetime.now(UTC))


HolderDep = Annotated[Holder, Depends(_holder)]
