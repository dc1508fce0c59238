"""What a supplier is shown of lift: audited against all it was ever told, frozen, and logged."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session

from service.engine.lift.attacker import Known
from service.engine.lift.cube import (
    CELL,
    REGION,
    Run,
    cube_of,
    name_of,
    totals_of,
)
from service.engine.lift.disclosure import known_rounded, released
from service.engine.lift.show import (
    NumberOf,
    counts_of,
    is_added,
    lift_shown,
    numbers_shown,
    places_of,
    totals_shown,
)
from service.engine.lift.show_places import shown_places
from service.engine.lift.shown import (
    ShownCounts,
    ShownDeal,
    ShownTotals,
    ShownWindow,
    SupplierReport,
)
from service.engine.lift.subject import Subject
from service.errors import Conflict
from service.results.frozen import Frozen, read_frozen, told_of
from service.settings import Settings
from service.store import lift_reports
from service.store.lift_reports import OfDeal
from service.store.session import Database
from service.store.tables.lift_report import LiftRelease

_BUSY = "A report of this supplier is being made right now; try again."
_RECORD: TypeAdapter[SupplierReport] = TypeAdapter(SupplierReport)


def release_for(
    database: Database,
    settings: Settings,
    supplier: str,
    subject: Subject,
    *,
    today: date,
    now: datetime,
) -> LiftRelease:
    """The newest release of a subject for a supplier; made where more reports are frozen by now.

    Raises NotFound for a supplier or a deal without frozen reports, Conflict for a period that is
    not over, or in which a window is not final yet, and for numbers that cannot be true beside what
    was released before.
    """

    def act(session: Session) -> LiftRelease:
        read = read_frozen(session, supplier, subject, today=today)
        known = lift_reports.releases(session, read.supplier.id)
        earlier = [each for each in known if each.subject == subject.key]
        reports = sorted(each.report.id for each in read.wanted)
        if earlier and earlier[-1].reports == reports:
            return earlier[-1]
        before = [each for release in known for each in release.knowledge]
        before += told_of(session, read)
        content, knowledge = _made(session, settings, read, subject, before)
        release = LiftRelease(
            supplier_id=read.supplier.id,
            subject=subject.key,
            number=len(earlier) + 1,
            reports=reports,
            knowledge=knowledge,
            made_at=now,
            digest=hashlib.sha256(record_json(content).encode()).hexdigest(),
            content=content,
        )
        return lift_reports.add_release(session, release)

    return database.settle(act, busy=_BUSY)


def record_json(content: SupplierReport) -> str:
    """A report as canonical JSON, of which a release has the digest."""
    return json.dumps(record(content), sort_keys=True)


def record(content: SupplierReport) -> dict[str, Any]:
    """A report as plain values."""
    found: dict[str, Any] = _RECORD.dump_python(content, mode="json")
    return found


def _made(
    session: Session,
    settings: Settings,
    read: Frozen,
    subject: Subject,
    before: Sequence[Known],
) -> tuple[SupplierReport, list[Known]]:
    """The content of a release, and what its numbers tell."""
    mine = list(
        dict.fromkeys(f"{each.report.cycle_id}/{each.report.offer_id}" for each in read.wanted)
    )
    cubes = {key: cube_of(run) for key, run in read.runs.items()}
    numbers = {name: each for cube in cubes.values() for name, each in cube.numbers.items()}
    offered = {name for key in mine for name in cubes[key].numbers}
    if subject.deal_ref is None:
        totals = totals_of([read.runs[key] for key in mine], cubes, subject.key)
        numbers |= totals
        offered = {*totals, *(name for name in offered if _in_period(name))}
    told = set(before)
    fixed = {name for name, number in numbers.items() if known_rounded(number) in told}
    links = [link for cube in cubes.values() for link in cube.links]
    try:
        shown = released(numbers, before=[*before, *links], fixed=fixed, offered=offered)
    except ValueError as error:
        raise Conflict("These numbers contradict what the supplier was told before.") from error
    knowledge = [known_rounded(numbers[name]) for name in sorted(offered & shown)]
    value = numbers_shown(numbers, offered & shown)
    content = _content(session, settings, read, subject, value)
    return content, list(dict.fromkeys(knowledge))


def _in_period(name: str) -> bool:
    """Whether a period's report tells a number: of each deal what it comes to in all."""
    return f"/{REGION}/" not in name and f"/{CELL}/" not in name


def _content(
    session: Session, settings: Settings, read: Frozen, subject: Subject, value: NumberOf
) -> SupplierReport:
    p_values = lift_reports.p_values(session, [each.report.id for each in read.wanted])
    deals = tuple(_deals(read, value, p_values, with_places=subject.deal_ref is not None))
    totals: ShownTotals | None = None
    if subject.deal_ref is None:
        totals = totals_shown(value, subject.key, list(_added(read)))
    days = [each.cycle.valid_from for each in read.wanted]
    ends = [each.report.last_day - 1 for each in read.wanted]
    last = max(day + timedelta(days=end) for day, end in zip(days, ends, strict=True))
    return SupplierReport(
        supplier=read.supplier.name,
        subject=subject.key,
        currency=settings.currency,
        first_day=subject.first_day or min(days),
        last_day=subject.last_day or last,
        deals=deals,
        totals=totals,
    )


def _deals(
    read: Frozen, value: NumberOf, p_values: Mapping[int, dict[str, float]], *, with_places: bool
) -> Iterator[ShownDeal]:
    groups: dict[str, list[OfDeal]] = {}
    for each in read.wanted:
        key = f"{each.report.cycle_id}/{each.report.offer_id}"
        groups.setdefault(key, []).append(each)
    for key, found in groups.items():
        first = found[0]
        windows = [
            _window(each, read.runs[key], value, p_values.get(each.report.id, {}),
                    with_places=with_places)
            for each in found
        ]  # fmt: skip
        yield ShownDeal(
            cycle_id=first.cycle.id,
            offer_id=first.offer.id,
            deal_ref=first.offer.deal_ref,
            title=first.offer.title,
            valid_from=first.cycle.valid_from,
            valid_to=first.cycle.valid_to,
            windows=tuple(windows),
        )


def _window(
    found: OfDeal, run: Run, value: NumberOf, p_values: Mapping[str, float], *, with_places: bool
) -> ShownWindow:
    report, start = found.report, found.cycle.valid_from
    has_counts = not report.is_addendum
    places = {
        side: places_of(value, run, report.first_day, side) if has_counts and with_places else {}
        for side in (REGION, CELL)
    }
    return ShownWindow(
        first_day=start + timedelta(days=report.first_day),
        last_day=start + timedelta(days=report.last_day - 1),
        is_addendum=report.is_addendum,
        counts=counts_of(value, run, report.first_day) if has_counts else ShownCounts(),
        regions=places[REGION],
        cells=places[CELL],
        lifts=tuple(
            lift_shown(
                report.id,
                against,
                each,
                redraw_p=p_values.get(against),
                picked=value(name_of(run, "picked")),
                has_copies=value(name_of(run, "copies")) is not None,
                places={
                    side: shown_places(value, run, report.first_day, each, side)
                    for side in (REGION, CELL)
                    if has_counts and with_places
                },
            )
            for against, each in sorted(report.figures.comparisons.items())
        ),
        silent=report.figures.silent,
    )


def _added(read: Frozen) -> Iterator[list[Any]]:
    """The comparisons that a period adds up, by deal: all windows against the same control."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in read.wanted:
        if not each.report.is_addendum:
            key = f"{each.report.cycle_id}/{each.report.offer_id}"
            groups.setdefault(key, []).append(each.report.figures.comparisons)
    for windows in groups.values():
        for against in ("control", "holdout"):
            found = [each[against] for each in windows if against in each]
            if len(found) == len(windows) and all(is_added(each) for each in found):
                yield found
                break
