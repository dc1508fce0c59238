"""The portal as an application, which the service mounts."""

from functools import partial

from fastapi import Depends, FastAPI

from service.bodies import LimitBody
from service.files.apart import Apart, limits_of
from service.pages import failures
from service.pages.guard import Guard
from service.pages.routes import account, assets, log_in
from service.pages.visitor import require_token
from service.portal.routes import (
    claims,
    deals,
    disputes,
    overview,
    payments,
    results,
    sending,
    stock,
)
from service.portal.site import PORTAL
from service.settings import Settings
from service.store.session import Database

PATH = "/portal"


def create_portal(database: Database, settings: Settings, *, apart: Apart | None = None) -> FastAPI:
    """The portal over a migrated database. It closes nothing.

    Files are read by the processes of `apart`, by default by its own.
    """
    app = FastAPI(
        title="Larder portal",
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(require_token)],
    )
    app.state.site = PORTAL
    app.state.database = database
    app.state.settings = settings
    app.state.apart = apart or Apart(limits_of(settings))
    failures.install(app)
    app.add_middleware(
        LimitBody, limit_of=partial(_limit_of, settings), refuse=failures.too_large, drops=True
    )
    app.add_middleware(Guard, refuse=failures.foreign)
    for module in (
        assets, log_in, account, overview, sending, deals, claims, disputes, payments, stock,
        results,
    ):  # fmt: skip
        app.include_router(module.router)
    return app


def _limit_of(settings: Settings, path: str) -> int:
    takes_file = path.endswith(sending.PATH)
    return settings.max_upload_bytes if takes_file else settings.max_body_bytes
