"""serve: the HTTP service."""

import os
from typing import Annotated

import typer

from service import traces
from service.api.app import create_app, run
from service.commands.process import require_tables
from service.console import app as console
from service.files.apart import Apart, limits_of
from service.logs import start_logging
from service.pocket import app as pocket
from service.portal import app as portal
from service.settings import load_settings
from service.store.patience import Patience
from service.store.session import Database


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on", min=1, max=65535)] = 8000,
) -> None:
    """Serve HTTP and all pages; LARDER_SERVE_WORKER, _SCHEDULER, _SFTP run those inside too."""
    settings = load_settings()
    start_logging(settings.log_format)
    traces.start(settings.traces_url, "serve")
    os.umask(int(settings.umask, 8))
    database = Database(
        settings.database_url,
        patience=Patience.of(settings.page_database_seconds),
        history=settings.history_store,
    )
    require_tables(database)
    apart = Apart(limits_of(settings))
    pages = {
        console.PATH: console.create_console(database, settings, apart=apart),
        portal.PATH: portal.create_portal(database, settings, apart=apart),
        pocket.PATH: pocket.create_pocket(database, settings),
        pocket.CODES: pocket.create_codes(),
    }
    app = create_app(database, settings, apart=apart, pages=pages)
    try:
        run(app, host=host, port=port)
    finally:
        apart.close()
        traces.use(None)
