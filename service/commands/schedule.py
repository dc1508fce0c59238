"""schedule: the process that plans."""

from service.commands.console import say
from service.commands.database import open_database
from service.commands.process import require_tables, start_logging, stop_event
from service.jobs import scheduler


def schedule() -> None:
    """Plan the nightly forecast, cycles, expiry, outcomes, batches and purge. Several may run."""
    start_logging()
    with open_database() as (database, settings):
        require_tables(database)
        planned = scheduler.start(database, settings)
        for job in scheduler.planned_jobs(settings):
            say(f"{job.name}: next slot {planned.get_job(job.name).next_run_time:%F %R %Z}")
        stop_event().wait()
        planned.shutdown()
