"""The console as an application, which the service mounts."""

from datetime import UTC, datetime
from functools import partial

from fastapi import Depends, FastAPI

from service.admin.today import read_today
from service.bodies import LimitBody
from service.console.routes import (
    audit,
    batch_acts,
    batch_tables,
    batches,
    cases,
    cycle_compare,
    cycle_plans,
    cycle_proofs,
    cycle_runs,
    cycles,
    deal_calendar,
    deal_form,
    deals,
    desk,
    goodwill_table,
    household_rights,
    households,
    keys,
    operations,
    overrides,
    people,
    products,
    suppliers,
    today,
    uploads,
)
from service.console.routes import (
    settings as settings_page,
)
from service.console.routes.clearing import (
    agreements,
    books,
    claim_acts,
    claims,
    disputes,
    drawing,
    due,
    receipts,
)
from service.console.routes.clearing import (
    suppliers as supplier_classes,
)
from service.console.routes.reports import households as reports_on_households
from service.console.routes.reports import lift as reports_on_lift
from service.console.routes.reports import programme, sales, stores
from service.console.site import CONSOLE
from service.files.apart import Apart, limits_of
from service.pages import failures
from service.pages.guard import Guard
from service.pages.kept import Kept
from service.pages.readings import Readings
from service.pages.routes import account, assets, log_in
from service.pages.shelf import Shelf
from service.pages.visitor import require_token
from service.settings import Settings
from service.store.session import Database

PATH = "/console"
_UPLOADS = (uploads.PATH, batch_acts.REPORTS, receipts.RECEIPTS, agreements.AGREEMENTS)
_TODAY_SECONDS = 60
_MOST_PROOFS, _PROOF_SECONDS = 200, 600


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
    app.state.site = CONSOLE
    app.state.database = database
    app.state.settings = settings
    app.state.today = Kept(
        lambda: read_today(database, now=datetime.now(UTC)), seconds=_TODAY_SECONDS
    )
    app.state.apart = apart or Apart(limits_of(settings))
    app.state.readings = Readings(database, settings, app.state.apart)
    app.state.proofs = Shelf(most=_MOST_PROOFS, seconds=_PROOF_SECONDS)
    failures.install(app)
    app.add_middleware(
        LimitBody, limit_of=partial(_limit_of, settings), refuse=failures.too_large, drops=True
    )
    app.add_middleware(Guard, refuse=failures.foreign)
    for module in (
        assets, log_in, account, today, uploads, deal_form, deal_calendar, deals, desk,
        cases, goodwill_table, households, household_rights, products, batches, batch_acts,
        batch_tables, operations,
        suppliers, people, keys, settings_page, audit, overrides, cycle_compare, cycle_proofs,
        cycle_runs, cycle_plans, cycles, due, drawing, claim_acts, claims, receipts, disputes,
        books, agreements, supplier_classes, sales, stores, reports_on_households, programme,
        reports_on_lift,
    ):  # fmt: skip
        app.include_router(module.router)
    return app


def _limit_of(settings: Settings, path: str) -> int:
    takes_file = path.endswith(_UPLOADS)
    return settings.max_upload_bytes if takes_file else settings.max_body_bytes
