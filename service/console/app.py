"""The console as an application, which the service mounts."""

from datetime import UTC, datetime

from fastapi import Depends, FastAPI

from service.admin.today import read_today
from service.console import failures
from service.console.guard import Guard
from service.console.kept import Kept
from service.console.routes import (
    account,
    assets,
    cycle_plans,
    cycle_runs,
    cycles,
    deals,
    log_in,
    today,
)
from service.console.visitor import require_token
from service.settings import Settings
from service.store.session import Database

PATH = "/console"
_TODAY_SECONDS = 60


def create_console(database: Database, settings: Settings) -> FastAPI:
    """The console over a migrated database. It closes nothing."""
    app = FastAPI(
        title="Larder console",
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(require_token)],
    )
    app.state.database = database
    app.state.settings = settings
    app.state.today = Kept(
        lambda: read_today(database, now=datetime.now(UTC)), seconds=_TODAY_SECONDS
    )
    failures.install(app)
    app.add_middleware(failures.HideUnexpectedErrors)
    app.add_middleware(Guard)
    for module in (assets, log_in, account, today, deals, cycle_runs, cycle_plans, cycles):
        app.include_router(module.router)
    return app
