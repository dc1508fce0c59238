"""The scheduler: names of jobs and when they are planned; no logic of theirs.

A planned moment (a slot) is claimed in the database, so that of several schedulers one runs it,
and a slot missed while none was running is run once when one returns.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from service.admin.runs import ask_batch, ask_cycle
from service.cycle import refresh_forecast
from service.cycle.expiry import expire_lists
from service.cycle.inputs import local_date
from service.deals.steer import follow_facts
from service.errors import Conflict, LarderError
from service.jobs.leases import kept
from service.publish import purge
from service.settings import Settings
from service.store import batches, cycles, work
from service.store.session import Database
from service.store.tables.cycle import BatchState

logger = logging.getLogger("larder.scheduler")

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A Monday: cycles fall on multiples of their weeks from here, whatever the year.
_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
# How often a slot is looked for that was missed, or whose process died or failed.
_MAKE_UP = timedelta(minutes=5)

Act = Callable[[Database, Settings, datetime], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What runs when. `period` is the longest time between two of its slots."""

    name: str
    trigger: BaseTrigger
    period: timedelta
    act: Act


def jobs(settings: Settings) -> tuple[Job, ...]:
    """The planned jobs."""
    day, hour = timedelta(days=1), settings.nightly_hour
    first = _ANCHOR + timedelta(
        days=_WEEKDAYS.index(settings.cycle_weekday), hours=hour, minutes=45
    )
    weeks = settings.cycle_every_weeks
    return (
        Job("expiry", CronTrigger(hour=hour, timezone=UTC), day, _expire),
        Job("forecast", CronTrigger(hour=hour, minute=15, timezone=UTC), day, _forecast),
        Job(
            "cycle",
            IntervalTrigger(weeks=weeks, start_date=first, timezone=UTC),
            timedelta(weeks=weeks),
            _cycle,
        ),
        Job("batch", CronTrigger(minute=30, timezone=UTC), timedelta(hours=1), _batch),
        Job("purge", CronTrigger(hour=hour, minute=5, timezone=UTC), day, _purge),
    )


def latest_slot(job: Job, now: datetime) -> datetime | None:
    """The newest planned moment of a job that is not after `now`."""
    slot: datetime | None = None
    start = now - job.period
    found = job.trigger.get_next_fire_time(None, start)
    while found is not None and found <= now:
        slot = found.astimezone(UTC)
        found = job.trigger.get_next_fire_time(found, found + timedelta(microseconds=1))
    return slot


def run_slot(database: Database, settings: Settings, job: Job, now: datetime) -> bool:
    """Run the newest slot of a job unless it is done or somebody is at it; whether it ran.

    What the state of things refuses (a Conflict) is done with; after any other error the slot is
    free again when its claim runs out.
    """
    slot = latest_slot(job, now)
    if slot is None:
        return False
    lease = timedelta(seconds=settings.lease_seconds)
    with database.write() as session:
        if not work.claim_slot(session, job.name, slot, now=now, until=now + lease):
            return False

    def renew(until: datetime) -> None:
        with database.write() as session:
            work.keep_slot(session, job.name, slot, until=until)

    with kept(renew, lease=lease):
        try:
            job.act(database, settings, slot)
        except Conflict as error:
            logger.info("%s: %s", job.name, error.detail)
    with database.write() as session:
        work.finish_slot(session, job.name, slot, at=datetime.now(UTC))
    return True


def start(database: Database, settings: Settings) -> BackgroundScheduler:
    """Plan every job and make up for what was missed; the caller shuts the scheduler down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    planned = jobs(settings)
    for job in planned:
        scheduler.add_job(
            _guarded,
            trigger=job.trigger,
            args=(database, settings, job),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.add_job(
        _make_up,
        trigger=IntervalTrigger(seconds=int(_MAKE_UP.total_seconds()), timezone=UTC),
        args=(database, settings, planned),
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler


def _make_up(database: Database, settings: Settings, planned: tuple[Job, ...]) -> None:
    for job in planned:
        _guarded(database, settings, job)


def _guarded(database: Database, settings: Settings, job: Job) -> None:
    try:
        if run_slot(database, settings, job, datetime.now(UTC)):
            logger.info("%s is done", job.name)
    except LarderError as error:
        logger.error("%s: %s", job.name, error.detail)
    except Exception:
        logger.exception("%s failed", job.name)


def _expire(database: Database, settings: Settings, slot: datetime) -> None:
    """The night may begin in UTC while the stores are still open: their own day counts."""
    today = local_date(slot, settings)
    expire_lists(database, before=today)
    follow_facts(database, on=today)


def _forecast(database: Database, settings: Settings, slot: datetime) -> None:
    refresh_forecast(database, settings, as_of=slot.date())


def _cycle(database: Database, settings: Settings, slot: datetime) -> None:
    ask_cycle(database, as_of=slot.date(), seed=settings.seed)


def _purge(database: Database, settings: Settings, slot: datetime) -> None:
    purge(database, settings, now=slot)


def _batch(database: Database, _settings: Settings, _slot: datetime) -> None:
    """Print the newest cycle, unless that is done or asked for already."""
    with database.read() as session:
        cycle = cycles.newest(session)
        batch = None if cycle is None else batches.of_cycle(session, cycle.id)
    done = batch is not None and batch.state in (BatchState.READY, BatchState.VOIDED)
    if cycle is not None and not done:
        ask_batch(database, cycle_id=cycle.id)
