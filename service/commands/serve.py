"""serve: the HTTP service."""

from typing import Annotated

import typer

from service.api.app import create_app, run
from service.commands.process import require_tables, start_logging
from service.settings import load_settings
from service.store.session import Database


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on", min=1, max=65535)] = 8000,
) -> None:
    """Serve HTTP; LARDER_SERVE_WORKER, _SCHEDULER and _SFTP run those inside as well."""
    start_logging()
    settings = load_settings()
    database = Database(settings.database_url)
    require_tables(database)
    run(create_app(database, settings), host=host, port=port)
