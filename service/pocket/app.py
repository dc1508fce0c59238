"""The pocket as an application, which the service mounts."""

from functools import partial

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from service.bodies import LimitBody
from service.pages.guard import Guard
from service.pages.site import Site
from service.pocket import failures, log_in, policy, routes, told
from service.settings import Settings
from service.store.session import Database

PATH = "/pocket"
CODES = "/l"
"""Where the codes on letters lead, which are as short as they can be."""

_MOST_BODY_BYTES = 65_536
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


def create_pocket(database: Database, settings: Settings) -> FastAPI:
    """The pocket over a migrated database. It closes nothing."""
    app = FastAPI(title="Larder pocket", openapi_url=None, redirect_slashes=False)
    app.state.site = Site("pocket", None, "pocket", ())
    app.state.database = database
    app.state.settings = settings
    failures.install(app)
    app.add_middleware(
        LimitBody, limit_of=lambda _path: _MOST_BODY_BYTES, refuse=failures.too_large, drops=True
    )
    app.add_middleware(Guard, refuse=failures.foreign, policy=_POLICY)
    app.include_router(log_in.router)
    app.include_router(routes.router)
    app.include_router(told.router)
    app.include_router(policy.router)
    return app


def create_codes() -> Starlette:
    """What leads from the address on a letter to the page of its list."""
    return Starlette(routes=[Route("/{code}", partial(_lead))])


async def _lead(request: Request) -> Response:
    code = request.path_params["code"]
    return RedirectResponse(f"{PATH}/l/{code}", 303)
