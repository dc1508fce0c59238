"""schedule: the process that plans."""

from service.commands.console import say
from service.commands.database import open_database
from service.commands.process import require_tables, stop_event, watched
from service.jobs import scheduler
from service.logs import start_logging


def schedule() -> None:
    """Plan the nightly forecast, cycles, expiry, outcomes, batches and purge. Several may run."""
    with open_database() as (database, settings):
        start_logging(settings.log_format)
        require_tables(database)
        with watched(settings, "schedule"):
            planned = scheduler.start(database, settings)
            for job in scheduler.planned_jobs(settings):
                say(f"{job.name}: next slot {planned.get_job(job.name).next_run_time:%F %R %Z}")
            stop_event().wait()
            planned.shutdown()
