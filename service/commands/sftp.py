"""sftp: serve packages to the mailing house."""

from service.commands.console import say
from service.commands.database import opened
from service.commands.process import log, require_tables, until_stopped
from service.publish import sftp as sftp_door


def sftp() -> None:
    """Serve SFTP to the mailing house: packages in out/, acknowledgements into ack/."""
    log()
    with opened() as (database, settings):
        require_tables(database)
        say(f"host key: {sftp_door.host_key(settings.sftp_folder).get_fingerprint()}")
        sftp_door.serve(database, settings, until_stopped())
