"""sftp: serve packages to the mailing house."""

from service.commands.console import say
from service.commands.database import open_database
from service.commands.process import require_tables, start_logging, stop_event
from service.publish import sftp as sftp_server


def sftp() -> None:
    """Serve SFTP to the mailing house: packages in out/, acknowledgements into ack/."""
    start_logging()
    with open_database() as (database, settings):
        require_tables(database)
        say(f"host key: {sftp_server.host_key(settings.sftp_folder).get_fingerprint()}")
        sftp_server.serve(database, settings, stop_event())
