"""The console as an application, which the service mounts."""

from datetime import UTC, datetime

from fastapi import Depends, FastAPI

from service.admin.today import read_today
from service.console import failures
from service.console.guard import Guard
from service.console.kept import Kept
from service.console.readings import Readings
from service.console.routes import (
    account,
    assets,
    audit,
    batch_acts,
    batch_tables,
    batches,
    cycle_plans,
    cycle_runs,
    cycles,
    deal_calendar,
    deal_form,
    deals,
    desk,
    households,
    keys,
    log_in,
    operations,
    people,
    products,
    today,
    uploads,
)
from service.console.visitor import require_token
from service.files.apart import Apart, limits_of
from service.settings import Settings
from service.store.session import Database

PATH = "/console"
UPLOADS = (f"{PATH}{uploads.PATH}",)
"""The paths that take a file."""
_TODAY_SECONDS = 60


def create_console(
    database: Database, settings: Settings, *, apart: Apart | None = None
) -> FastAPI:
    """The console over a migrated database. It closes nothing.

    Files are read by the processes of `apart`, by default by its own.
    """
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
    app.state.readings = Readings(database, settings, apart or Apart(limits_of(settings)))
    failures.install(app)
    app.add_middleware(Guard)
    for module in (
        assets, log_in, account, today, uploads, deal_form, deal_calendar, deals, desk,
        households, products, batches, batch_acts, batch_tables, operations, people, keys, audit,
        cycle_runs, cycle_plans, cycles,
    ):  # fmt: skip
        app.include_router(module.router)
    return app
