"""serve, schedule and work: the processes that stay."""

import logging
import signal
import threading
from typing import Annotated

import typer

from service.api.app import create_app, run
from service.commands.console import opened, say
from service.errors import Misconfigured
from service.jobs import scheduler
from service.jobs.worker import drain, work_until
from service.publish import sftp as sftp_door
from service.settings import load_settings
from service.store import migrate
from service.store.session import Database


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on", min=1, max=65535)] = 8000,
) -> None:
    """Serve HTTP; LARDER_SERVE_WORKER, _SCHEDULER and _SFTP run those inside as well."""
    _log()
    settings = load_settings()
    database = Database(settings.database_url)
    _require_tables(database)
    run(create_app(database, settings), host=host, port=port)


def schedule() -> None:
    """Plan the nightly forecast, cycles, expiry, batches and purge. Several may run."""
    _log()
    with opened() as (database, settings):
        _require_tables(database)
        planned = scheduler.start(database, settings)
        for job in scheduler.jobs(settings):
            say(f"{job.name}: next slot {planned.get_job(job.name).next_run_time:%F %R %Z}")
        _until_stopped().wait()
        planned.shutdown()


def work(
    once: Annotated[bool, typer.Option("--drain", help="Stop when nothing is left to do")] = False,
) -> None:
    """Write the lists that are due and do the runs asked for. Several may run side by side."""
    _log()
    with opened() as (database, settings):
        _require_tables(database)
        if once:
            say(f"{drain(database, settings)} things done; nothing is left")
        else:
            work_until(database, settings, _until_stopped())


def sftp() -> None:
    """Open the mailing house's SFTP door: packages in out/, acknowledgements into ack/."""
    _log()
    with opened() as (database, settings):
        _require_tables(database)
        say(f"host key: {sftp_door.host_key(settings.sftp_folder).get_fingerprint()}")
        sftp_door.serve(database, settings, _until_stopped())


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for name in ("alembic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _require_tables(database: Database) -> None:
    with database.read() as session:
        standing = migrate.revision(session.connection())
    if standing != migrate.head():
        raise Misconfigured("The database is not at the newest tables. Run `larder migrate`.")


def _until_stopped() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
