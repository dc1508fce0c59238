"""The application: routes, problems, limits, and the services that run in the same process."""

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from service.admin.keys import Keyring
from service.api import description, problems, viewer
from service.api.metrics import Metrics
from service.api.routes import (
    batches,
    clearing,
    cycles,
    deals,
    desk,
    health,
    households,
    lists,
    members,
    offers,
    overrides,
    reports,
    results,
    runs,
    supplier,
)
from service.api.seen import Seen
from service.api.server import server_of
from service.api.stalls import Stalls
from service.api.till import routes as till
from service.api.till.bodies import LARGE_BYTES
from service.api.till.counter import CONNECTIONS, Counter
from service.api.till.forms import house_of
from service.bodies import LimitBody
from service.files.apart import Apart, limits_of
from service.jobs import scheduler
from service.jobs.postman import post_until
from service.jobs.worker import work_until
from service.meters import listen
from service.publish import sftp
from service.settings import Settings
from service.store.session import Database

_SWITCH_SECONDS = 0.001

JOB_CONNECTIONS = 6
"""For the worker and the scheduler inside `serve`, and the renewals of their leases."""

_UPLOADS = frozenset(
    {
        "/v1/acknowledgements",
        "/v1/deals",
        "/v1/deals/previews",
        "/v1/deals/remarks",
        "/v1/supplier/deals",
    }
)

_LARGE = frozenset(
    {
        "/v1/agreements",
        "/v1/lists/lookup",
        "/v1/quotes",
        "/v1/redemptions",
        "/v1/returns",
        "/v1/voids",
    }
)
"""What may be longer than is read on the event loop, and is read beside it."""

DESCRIPTION = """Tills quote and redeem baskets, marketing uploads deals and runs cycles, the
mailing house fetches batches. Every error is `application/problem+json`; money is whole cents;
every moment carries its offset. Keys come from `larder keys add` and go into
`Authorization: Bearer ...`."""


def create_app(
    database: Database,
    settings: Settings,
    *,
    apart: Apart | None = None,
    pages: Mapping[str, ASGIApp] = MappingProxyType({}),
) -> FastAPI:
    """The HTTP application of a migrated database. It closes the database when it stops.

    Files are read by processes of its own, or by those of `apart`, which others may share. `pages`
    are the applications for people by their paths, which limit bodies themselves; `/` leads to the
    first.
    """
    app = description.DocumentedApp(
        title="Larder",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.database = database
    app.state.settings = settings
    app.state.keys = Keyring(database, settings)
    house_of(settings)  # A setting of the till that cannot be read stops the start.
    app.state.till = Counter(database, seconds=settings.till_database_seconds)
    app.state.stalls = Stalls()
    app.state.apart = apart or Apart(limits_of(settings))
    app.state.closes_apart = apart is None
    app.add_middleware(
        LimitBody, limit_of=partial(_limit_of, settings, tuple(pages)), refuse=problems.too_large
    )
    problems.install(app)
    description.install(app)
    viewer.install(app)
    # Routes of the application itself: those of an included router are searched twice.
    app.router.routes += till.raw.routes
    for module in (
        till, offers, deals, cycles, overrides, runs, lists, batches, households, members, desk,
        clearing, results, reports, supplier,
    ):  # fmt: skip
        app.include_router(module.router, prefix="/v1")
    app.include_router(health.router)
    for path, pages_app in pages.items():
        app.mount(path, pages_app)
    app.state.metrics = Metrics(app.state.till.database, settings, app.state.stalls)
    app.add_middleware(Seen, seconds=app.state.metrics.seconds, is_logged=settings.access_log)
    if pages:
        app.state.front = next(iter(pages))
        app.add_route("/", _to_front, include_in_schema=False)
    return app


def _limit_of(settings: Settings, pages: tuple[str, ...], path: str) -> int | None:
    if any(path.startswith(f"{each}/") for each in pages):
        return None
    if path == "/v1/replays":
        return settings.max_replay_bytes
    if path in _UPLOADS:
        return settings.max_upload_bytes
    if path in _LARGE:
        return settings.max_body_bytes
    return min(settings.max_body_bytes, LARGE_BYTES)


def run(app: FastAPI, *, host: str, port: int) -> None:
    """Serve an application until the process is stopped."""
    prepare_process()
    server_of(app, host=host, port=port).run()


def prepare_process() -> None:
    """Let nothing beside the event loop keep it waiting."""
    # Imported objects stay for good; without this, collecting them took a fifth of a redemption.
    gc.collect()
    gc.freeze()
    # Requests leave few reference cycles; looking for them often costs more than it frees.
    gc.set_threshold(50_000, 20, 50)
    # What runs beside the event loop gives way to it so soon.
    sys.setswitchinterval(_SWITCH_SECONDS)


async def _to_front(request: Request) -> RedirectResponse:
    """Whoever opens the address of the service in a browser is led to its pages."""
    root = request.scope.get("root_path", "").rstrip("/")
    return RedirectResponse(f"{root}{request.app.state.front}/", 307)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    database: Database = app.state.database
    settings: Settings = app.state.settings
    counter: Counter = app.state.till
    apart: Apart = app.state.apart
    await counter.open()
    app.state.metrics.pool(lambda: counter.taken, size=CONNECTIONS)
    stop_metrics = None
    if settings.metrics_port:
        stop_metrics = listen(
            app.state.metrics.registry, settings.metrics_host, settings.metrics_port
        )
    watching = asyncio.create_task(app.state.stalls.watch())
    sftp_server = await sftp.listen(database, settings) if settings.serve_sftp else None
    stop = threading.Event()
    workers: list[threading.Thread] = []
    unhurried = database.within(settings.job_database_seconds, pool_size=JOB_CONNECTIONS)
    if settings.serve_worker:
        for work in (work_until, post_until):
            workers.append(threading.Thread(target=work, args=(unhurried, settings, stop)))
            workers[-1].start()
    jobs = scheduler.start(unhurried, settings) if settings.serve_scheduler else None
    try:
        yield
    finally:
        stop.set()
        watching.cancel()
        if stop_metrics is not None:
            await asyncio.to_thread(stop_metrics)
        if sftp_server is not None:
            sftp_server.close()
            await sftp_server.wait_closed()
        # In a thread: answers that are on their way go on meanwhile.
        if jobs is not None:
            await asyncio.to_thread(jobs.shutdown)
        for worker in workers:
            await asyncio.to_thread(worker.join)
        await counter.close()
        if app.state.closes_apart:
            apart.close()
        database.dispose()
