"""sftp: serve packages to the mailing house."""

from service.commands.console import say
from service.commands.database import open_database
from service.commands.process import require_tables, stop_event, watched
from service.logs import start_logging
from service.publish import sftp as sftp_server
from service.publish import sftp_login


def sftp() -> None:
    """Serve SFTP to the mailing house: packages in out/, acknowledgements into ack/."""
    with open_database() as (database, settings):
        start_logging(settings.log_format)
        require_tables(database)
        say(f"host key: {sftp_login.host_key(settings.sftp_folder).get_fingerprint()}")
        with watched(settings, "sftp"):
            sftp_server.serve(database, settings, stop_event())
