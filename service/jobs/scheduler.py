"""The scheduler: the names of the jobs and when each is planned; what they do is elsewhere.

A scheduler leases a planned moment (a slot) in the database, so only one of several schedulers
runs it. When no scheduler ran at the time, the newest missed slot is run once later; a cycle only
on the day it was planned for.
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

from service import traces
from service.admin import history, retention
from service.admin.people import forget_log_ins
from service.admin.runs import request_batch, request_cycle
from service.checkout import forget_guesses
from service.clearing.books import check_books
from service.clearing.documents import make_missing
from service.clearing.draw import draw_due
from service.clearing.set_off import set_off_due
from service.cycle import refresh_forecast
from service.cycle.drift import check_forecast
from service.cycle.expiry import expire_lists, stores_day
from service.cycle.inputs import local_date
from service.cycle.kept_plan import drop_old_plans
from service.cycle.overrides import end_pins_of_ended_deals
from service.cycle.product_sums import count_products
from service.cycle.sweep import sweep_drafts
from service.deals.keep_sums import recount_sums
from service.deals.steer import follow_facts
from service.errors import Conflict, LarderError, Misconfigured
from service.jobs.leases import hold_lease
from service.jobs.slots import LocalTime
from service.members.erase import finish_erasures
from service.members.log_in import forget_old
from service.members.pocket import forget_sessions
from service.meters import DRIFT, JOBS, timed
from service.publish import purge
from service.results.count import count_outcomes
from service.results.count_programme import count_programmes
from service.results.sales import count_sales
from service.sending.outbox import forget_messages
from service.settings import Settings
from service.store import batches, cycles, work
from service.store.actor import SERVICE
from service.store.session import Database
from service.store.tables.cycle import BatchState

logger = logging.getLogger("larder.scheduler")

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A Monday. Cycles start a multiple of `cycle_every_weeks` after it, in every year.
_ANCHOR = date(2024, 1, 1)
# How often to look for slots that were missed, or whose process died or failed.
_CATCH_UP_EVERY = timedelta(minutes=5)

# When clocks are set back, a day is longer by this at most.
_CLOCK_CHANGE = timedelta(hours=2)

Act = Callable[[Database, Settings, datetime], None]


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A planned job. `period` is the longest time between two of its slots.

    A job that is `for_today` runs on the local day of its slot or not at all.
    """

    name: str
    trigger: BaseTrigger
    period: timedelta
    act: Act
    for_today: bool = False


def planned_jobs(settings: Settings) -> tuple[PlannedJob, ...]:
    """The jobs, planned by the settings; nights and days are those of `LARDER_TIMEZONE`."""
    zone = ZoneInfo(settings.timezone)

    def at(minute: int, *, first: date = _ANCHOR, days: int = 1) -> tuple[LocalTime, timedelta]:
        trigger = LocalTime(time(settings.nightly_hour, minute), zone=zone, first=first, days=days)
        return trigger, timedelta(days=days) + _CLOCK_CHANGE

    first = _ANCHOR + timedelta(days=_WEEKDAYS.index(settings.cycle_weekday))
    days = 7 * settings.cycle_every_weeks
    return (
        PlannedJob("expiry", *at(0), _expire_lists),
        PlannedJob("forecast", *at(15), _refresh_forecast),
        PlannedJob("outcomes", *at(30, days=7), _count_outcomes),
        PlannedJob("drift", *at(50, days=7), _check_forecast),
        PlannedJob("cycle", *at(45, first=first, days=days), _request_cycle, for_today=True),
        PlannedJob(
            "batch", CronTrigger(minute=30, timezone=UTC), timedelta(hours=1), _request_batch
        ),
        PlannedJob("purge", *at(5), _purge_files),
        PlannedJob("recount", *at(10), _recount_sums),
        PlannedJob("retention", *at(20, days=7), _retain),
        PlannedJob("history", *at(25, days=7), _compact_history),
        PlannedJob("products", *at(30), _count_products),
        PlannedJob("sales", *at(40), _count_sales),
        PlannedJob("claims", *at(30), _draw_claims),
        PlannedJob("documents", *at(35), _make_documents),
        PlannedJob("set_off", *at(40), _set_off),
        PlannedJob("books", *at(55), _check_books),
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


def next_slot(job: PlannedJob, now: datetime) -> datetime | None:
    """The first planned moment of a job after `now`."""
    found: datetime | None = job.trigger.get_next_fire_time(None, now)
    return found


def run_slot(database: Database, settings: Settings, job: PlannedJob, now: datetime) -> bool:
    """Run the newest slot of a job unless it is done or another process runs it; True when it ran.

    A Conflict finishes the slot: the present state refuses the job, or the day it was for is over.
    After any other error the slot can be leased again once its lease runs out.
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

    with timed(JOBS, job.name), traces.span(f"job {job.name}"), hold_lease(renew, lease=lease):
        try:
            _require_its_day(job, settings, slot, now)
            job.act(database, settings, slot)
        except Conflict as error:
            logger.info("%s: %s", job.name, error.detail)
    with database.write() as session:
        work.finish_slot(session, job.name, slot, at=datetime.now(UTC))
    return True


def _require_its_day(job: PlannedJob, settings: Settings, slot: datetime, now: datetime) -> None:
    day = local_date(slot, settings)
    if job.for_today and day < local_date(now, settings):
        raise Conflict(f"No scheduler ran the {job.name} of {day} on that day; it is left out.")


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
    """Expire by the day of the store that is furthest behind: it may still be open."""
    with database.read() as session:
        today = stores_day(session, settings, now=slot)
    expire_lists(database, before=today)
    follow_facts(database, on=today)
    end_pins_of_ended_deals(database, now=slot)
    sweep_drafts(database, settings, on=today)


def _refresh_forecast(database: Database, settings: Settings, slot: datetime) -> None:
    refresh_forecast(database, settings, as_of=local_date(slot, settings))


def _check_forecast(database: Database, settings: Settings, slot: datetime) -> None:
    """Whether forecasts were right and see what they were fitted on; the metric says so too."""
    found = check_forecast(database, settings, as_of=local_date(slot, settings))
    DRIFT.labels("inputs").set(len(found.drifted))
    DRIFT.labels("groups").set(len(found.doubled))
    if found.is_alarm:
        logger.warning("the forecast has drifted: `larder forecast check` says where")


def _count_outcomes(database: Database, settings: Settings, slot: datetime) -> None:
    for each in count_outcomes(database, settings, today=local_date(slot, settings)):
        logger.info("outcomes of cycle %s from day %s", each.cycle_id, each.window[0])
    for counted in count_programmes(database, settings, today=local_date(slot, settings)):
        logger.info("programme of cycle %s", counted.cycle_id)


def _count_sales(database: Database, _settings: Settings, _slot: datetime) -> None:
    count_sales(database)


def _request_cycle(database: Database, settings: Settings, slot: datetime) -> None:
    request_cycle(database, as_of=local_date(slot, settings), seed=settings.seed)


def _purge_files(database: Database, settings: Settings, slot: datetime) -> None:
    purge(database, settings, now=slot)
    drop_old_plans(settings, slot)
    forget_guesses(database, now=slot)
    forget_log_ins(database, now=slot)
    forget_sessions(database, now=slot)
    forget_old(database, now=slot)
    forget_messages(database, now=slot)
    finish_erasures(database, settings, now=slot)


def _retain(database: Database, settings: Settings, slot: datetime) -> None:
    for kind, rows in retention.remove(database, settings, now=slot).items():
        logger.info("%d rows of %s were older than they are kept, and went", rows, kind)


def _compact_history(database: Database, settings: Settings, slot: datetime) -> None:
    done = history.compact(database, settings, now=slot)
    if done.written or done.removed:
        logger.info("%d files of history are written, %d removed", done.written, done.removed)
    if done.left:
        logger.warning("%d files of history wait: tills kept changing what they hold", done.left)
    for damage in history.damaged(database):
        logger.error("history: %s %s", damage.path, damage.said)


def _count_products(database: Database, settings: Settings, slot: datetime) -> None:
    count_products(database, settings, today=local_date(slot, settings))


def _recount_sums(database: Database, _settings: Settings, slot: datetime) -> None:
    corrected = recount_sums(database, now=slot)
    if corrected:
        logger.error("%d sums of deals were wrong and are corrected", corrected)


def _draw_claims(database: Database, settings: Settings, slot: datetime) -> None:
    """Draw drafts once a month for each agreement, on the first night after its days of grace."""
    drawn = draw_due(database, settings, by=SERVICE, now=slot)
    if drawn:
        logger.info("%d claims wait to be issued", len(drawn))


def _make_documents(database: Database, settings: Settings, slot: datetime) -> None:
    """Make the documents of claims that were issued or credited since and have none."""
    try:
        made = make_missing(database, settings, now=slot)
    except Misconfigured as error:
        # The same tonight as in five minutes: somebody has to set it.
        logger.error("documents: %s", error.detail)
        return
    if made:
        logger.info("documents of %d claims are made", made)


def _set_off(database: Database, settings: Settings, slot: datetime) -> None:
    """Set off what is due of claims whose agreement says so."""
    done = set_off_due(database, as_of=local_date(slot, settings), by=SERVICE, now=slot)
    if done:
        logger.info("%d claims are set off", len(done))


def _check_books(database: Database, settings: Settings, slot: datetime) -> None:
    books = check_books(database, settings, now=slot)
    for check in books.checks:
        if check.is_broken:
            worst = "; ".join(f"{each.subject} by {each.difference}" for each in check.worst)
            logger.error("books: %s is broken %d times: %s", check.name, check.count, worst)


def _request_batch(database: Database, settings: Settings, slot: datetime) -> None:
    """Request the print of the newest cycle, unless it is printed or voided or its lists ended."""
    with database.read() as session:
        cycle = cycles.newest(session)
        batch = None if cycle is None else batches.of_cycle(session, cycle.id)
    done = batch is not None and batch.state in (BatchState.READY, BatchState.VOIDED)
    if cycle is not None and not done and cycle.valid_to >= local_date(slot, settings):
        request_batch(database, cycle_id=cycle.id)
