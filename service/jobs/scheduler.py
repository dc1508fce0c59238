"""The scheduler: the names of the jobs and when each is planned; what they do is elsewhere.

A scheduler leases a planned moment (a slot) in the database, so only one of several schedulers
runs it. When no scheduler ran at the time, the newest missed slot is run once later.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from service.admin.runs import request_batch, request_cycle
from service.checkout import forget_guesses
from service.cycle import refresh_forecast
from service.cycle.expiry import expire_lists
from service.cycle.inputs import local_date
from service.deals.steer import follow_facts
from service.errors import Conflict, LarderError
from service.jobs.leases import hold_lease
from service.publish import purge
from service.settings import Settings
from service.store import batches, cycles, work
from service.store.session import Database
from service.store.tables.cycle import BatchState

logger = logging.getLogger("larder.scheduler")

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A Monday. Cycles start a multiple of `cycle_every_weeks` after it, in every year.
_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
# How often to look for slots that were missed, or whose process died or failed.
_CATCH_UP_EVERY = timedelta(minutes=5)

Act = Callable[[Database, Settings, datetime], None]


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A planned job. `period` is the longest time between two of its slots."""

    name: str
    trigger: BaseTrigger
    period: timedelta
    act: Act


def planned_jobs(settings: Settings) -> tuple[PlannedJob, ...]:
    """The jobs, planned by the settings. Moments are in UTC."""
    day, hour = timedelta(days=1), settings.nightly_hour
    first = _ANCHOR + timedelta(
        days=_WEEKDAYS.index(settings.cycle_weekday), hours=hour, minutes=45
    )
    weeks = settings.cycle_every_weeks
    return (
        PlannedJob("expiry", CronTrigger(hour=hour, timezone=UTC), day, _expire_lists),
        PlannedJob(
            "forecast", CronTrigger(hour=hour, minute=15, timezone=UTC), day, _refresh_forecast
        ),
        PlannedJob(
            "cycle",
            IntervalTrigger(weeks=weeks, start_date=first, timezone=UTC),
            timedelta(weeks=weeks),
            _request_cycle,
        ),
        PlannedJob(
            "batch", CronTrigger(minute=30, timezone=UTC), timedelta(hours=1), _request_batch
        ),
        PlannedJob("purge", CronTrigger(hour=hour, minute=5, timezone=UTC), day, _purge_files),
    )


def latest_slot(job: PlannedJob, now: datetime) -> datetime | None:
    """The newest planned moment of a job that is not after `now`."""
    slot: datetime | None = None
    start = now - job.period
    found = job.trigger.get_next_fire_time(None, start)
    while found is not None and found <= now:
        slot = found.astimezone(UTC)
        found = job.trigger.get_next_fire_time(found, found + timedelta(microseconds=1))
    return slot


def run_slot(database: Database, settings: Settings, job: PlannedJob, now: datetime) -> bool:
    """Run the newest slot of a job unless it is done or another process runs it; True when it ran.

    A Conflict finishes the slot: the present state refuses the job. After any other error the slot
    can be leased again once its lease runs out.
    """
    slot = latest_slot(job, now)
    if slot is None:
        return False
    lease = timedelta(seconds=settings.lease_seconds)
    with database.write() as session:
        if not work.lease_slot(session, job.name, slot, now=now, until=now + lease):
            return False

    def renew(until: datetime) -> None:
        with database.write() as session:
            work.renew_slot(session, job.name, slot, until=until)

    with hold_lease(renew, lease=lease):
        try:
            job.act(database, settings, slot)
        except Conflict as error:
            logger.info("%s: %s", job.name, error.detail)
    with database.write() as session:
        work.finish_slot(session, job.name, slot, at=datetime.now(UTC))
    return True


def start(database: Database, settings: Settings) -> BackgroundScheduler:
    """Plan every job and run missed slots; the caller shuts the scheduler down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    planned = planned_jobs(settings)
    for job in planned:
        scheduler.add_job(
            _run_and_log,
            trigger=job.trigger,
            args=(database, settings, job),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.add_job(
        _run_missed,
        trigger=IntervalTrigger(seconds=int(_CATCH_UP_EVERY.total_seconds()), timezone=UTC),
        args=(database, settings, planned),
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler


def _run_missed(database: Database, settings: Settings, planned: tuple[PlannedJob, ...]) -> None:
    for job in planned:
        _run_and_log(database, settings, job)


def _run_and_log(database: Database, settings: Settings, job: PlannedJob) -> None:
    try:
        if run_slot(database, settings, job, datetime.now(UTC)):
            logger.info("%s is done", job.name)
    except LarderError as error:
        logger.error("%s: %s", job.name, error.detail)
    except Exception:
        logger.exception("%s failed", job.name)


def _expire_lists(database: Database, settings: Settings, slot: datetime) -> None:
    """Expire by the local day: at night in UTC the stores may still be open."""
    today = local_date(slot, settings)
    expire_lists(database, before=today)
    follow_facts(database, on=today)


def _refresh_forecast(database: Database, settings: Settings, slot: datetime) -> None:
    refresh_forecast(database, settings, as_of=slot.date())


def _request_cycle(database: Database, settings: Settings, slot: datetime) -> None:
    request_cycle(database, as_of=slot.date(), seed=settings.seed)


def _purge_files(database: Database, settings: Settings, slot: datetime) -> None:
    purge(database, settings, now=slot)
    forget_guesses(database, now=slot)


def _request_batch(database: Database, _settings: Settings, _slot: datetime) -> None:
    """Request the print of the newest cycle, unless it is printed or voided."""
    with database.read() as session:
        cycle = cycles.newest(session)
        batch = None if cycle is None else batches.of_cycle(session, cycle.id)
    done = batch is not None and batch.state in (BatchState.READY, BatchState.VOIDED)
    if cycle is not None and not done:
        request_batch(database, cycle_id=cycle.id)
