"""schedule: the process that plans."""

from service.commands.console import say
from service.commands.database import opened
from service.commands.process import log, require_tables, until_stopped
from service.jobs import scheduler


def schedule() -> None:
    """Plan the nightly forecast, cycles, expiry, batches and purge. Several may run."""
    log()
    with opened() as (database, settings):
        require_tables(database)
        planned = scheduler.start(database, settings)
        for job in scheduler.planned_jobs(settings):
            say(f"{job.name}: next slot {planned.get_job(job.name).next_run_time:%F %R %Z}")
        until_stopped().wait()
        planned.shutdown()
