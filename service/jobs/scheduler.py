"""The scheduler: names of jobs and when they are planned; no logic of theirs.

A planned moment (a slot) is claimed in the database, so that of several schedulers one runs it,
and a slot missed while none was running is run once when one returns; a cycle only on its own day.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from service.admin.runs import ask_batch, ask_cycle
from service.cycle import refresh_forecast
from service.cycle.expiry import expire_lists, stores_day
from service.cycle.inputs import local_date
from service.deals.steer import follow_facts
from service.errors import Conflict, LarderError
from service.jobs.leases import kept
from service.jobs.slots import LocalTime
from service.publish import purge
from service.settings import Settings
from service.store import batches, cycles, work
from service.store.session import Database
from service.store.tables.cycle import BatchState

logger = logging.getLogger("larder.scheduler")

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A Monday: cycles fall on multiples of their weeks from here, whatever the year.
_ANCHOR = date(2024, 1, 1)
# How often a slot is looked for that was missed, or whose process died or failed.
_MAKE_UP = timedelta(minutes=5)

# A day is that much longer at most when clocks are set back.
_CLOCK_CHANGE = timedelta(hours=2)

Act = Callable[[Database, Settings, datetime], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What runs when. `period` is the longest time between two of its slots.

    What is `for_today` is done on the local day of its slot or not at all.
    """

    name: str
    trigger: BaseTrigger
    period: timedelta
    act: Act
    for_today: bool = False


def jobs(settings: Settings) -> tuple[Job, ...]:
    """The planned jobs; nights and days are those of `LARDER_TIMEZONE`."""
    zone = ZoneInfo(settings.timezone)

    def at(minute: int, *, first: date = _ANCHOR, days: int = 1) -> tuple[LocalTime, timedelta]:
        trigger = LocalTime(time(settings.nightly_hour, minute), zone=zone, first=first, days=days)
        return trigger, timedelta(days=days) + _CLOCK_CHANGE

    first = _ANCHOR + timedelta(days=_WEEKDAYS.index(settings.cycle_weekday))
    return (
        Job("expiry", *at(0), _expire),
        Job("forecast", *at(15), _forecast),
        Job(
            "cycle",
            *at(45, first=first, days=7 * settings.cycle_every_weeks),
            _cycle,
            for_today=True,
        ),
        Job("batch", CronTrigger(minute=30, timezone=UTC), timedelta(hours=1), _batch),
        Job("purge", *at(5), _purge),
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

    What the state of things refuses (a Conflict) is done with, and so is a job for today whose day
    is over; after any other error the slot is free again when its claim runs out.
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
            _require_its_day(job, settings, slot, now)
            job.act(database, settings, slot)
        except Conflict as error:
            logger.info("%s: %s", job.name, error.detail)
    with database.write() as session:
        work.finish_slot(session, job.name, slot, at=datetime.now(UTC))
    return True


def _require_its_day(job: Job, settings: Settings, slot: datetime, now: datetime) -> None:
    day = local_date(slot, settings)
    if job.for_today and day < local_date(now, settings):
        raise Conflict(f"The {job.name} of {day} was not planned on its day, and is left out.")


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
    """The night may have begun here while stores further west are open: the last of them counts."""
    with database.read() as session:
        today = stores_day(session, settings, now=slot)
    expire_lists(database, before=today)
    follow_facts(database, on=today)


def _forecast(database: Database, settings: Settings, slot: datetime) -> None:
    refresh_forecast(database, settings, as_of=local_date(slot, settings))


def _cycle(database: Database, settings: Settings, slot: datetime) -> None:
    ask_cycle(database, as_of=local_date(slot, settings), seed=settings.seed)


def _purge(database: Database, settings: Settings, slot: datetime) -> None:
    purge(database, settings, now=slot)


def _batch(database: Database, settings: Settings, slot: datetime) -> None:
    """Print the newest cycle, unless that is done, asked for already, or its lists have ended."""
    with database.read() as session:
        cycle = cycles.newest(session)
        batch = None if cycle is None else batches.of_cycle(session, cycle.id)
    done = batch is not None and batch.state in (BatchState.READY, BatchState.VOIDED)
    if cycle is not None and not done and cycle.valid_to >= local_date(slot, settings):
        ask_batch(database, cycle_id=cycle.id)
