"""lift: what the copies of cycles did that would not have happened otherwise."""

import json
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import Annotated, Any

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.cycle.inputs import local_date
from service.engine.lift.effect import Effect, Interval
from service.engine.lift.policy import PolicyValue
from service.results.count import LATE_DAYS, count_outcomes
from service.results.count_programme import count_programmes
from service.results.lift import JUDGED, Against, DealLift, Judgement, Side, lift_of
from service.results.what_if import Policy, what_if

_SHOWN = 40
_ESTIMAND = {
    Against.HOLDOUT: "against households that got no offers at all",
    Against.CONTROL: "against households that got the next best deal instead",
}


def count(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Count up to this day; today when left out"),
    ] = None,
) -> None:
    """Count what households bought in the windows after each cycle."""
    with open_database() as (database, settings):
        today = as_of.date() if as_of else local_date(datetime.now().astimezone(), settings)
        windows = 0
        programmes = list(count_programmes(database, settings, today=today))
        for each in count_outcomes(database, settings, today=today):
            windows += 1
            state = "final" if each.is_final else "not final yet"
            say(
                f"cycle {each.cycle_id}, days {each.window[0]} to {each.window[1] - 1}: "
                f"{each.copies:,} copies of {each.households:,} households, {state}"
            )
            for silence in each.silent:
                say(f"  no sales came of {silence}")
    for counted in programmes:
        state = "final" if counted.is_final else "not final yet"
        say(f"cycle {counted.cycle_id}, its programme: {counted.households:,} households, {state}")
    say(
        f"{windows:,} windows counted; each is final {LATE_DAYS} days after its end"
        if windows
        else "nothing to count: every window that began is final"
    )


def show(
    cycle: Annotated[int, typer.Argument(help="The number of the cycle")],
    offer: Annotated[int | None, typer.Option(help="One deal, by its number")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON")] = False,
) -> None:
    """What the copies of a cycle did, deal by deal, against both controls."""
    with open_database() as (database, _):
        found = lift_of(database, cycle, offer_id=offer)
    if as_json:
        say(json.dumps([_plain(each) for each in found], indent=2, default=str))
        return
    for key in dict.fromkeys((each.lift.window.first_day, each.lift.against) for each in found):
        _show([e for e in found if (e.lift.window.first_day, e.lift.against) == key])


def what_if_of(
    cycle: Annotated[int, typer.Argument(help="The number of the cycle")],
    to: Annotated[str, typer.Option(help="Only to households of these cells, by commas")],
    from_percent: Annotated[
        int, typer.Option(min=0, max=100, help="Deals that take so much off the price, or more")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON")] = False,
) -> None:
    """What it would have come to had some deals gone to some cells only."""
    policy = Policy(frozenset(each.strip() for each in to.split(",")), from_percent)
    with open_database() as (database, settings):
        found = what_if(database, settings, cycle, policy)
    if as_json:
        values = {name: _policy(value) for name, value in found.values.items()}
        plain = {"pairs": found.pairs, "were": found.were, "copies": found.copies}
        ends = {"first": found.first.isoformat(), "until": found.until.isoformat()}
        say(json.dumps(plain | ends | {"values": values}, indent=2))
        return
    sure = found.values["sales"]
    say(
        f"Copies of deals with {from_percent} % off or more, only to "
        f"{', '.join(sorted(policy.cells))}: "
        f"{found.copies:,} instead of {found.were:,}, of {found.pairs:,} that might have been "
        f"given. {found.first} to before {found.until}, all households together."
    )
    table = Table("", "difference", "interval", box=None)
    for name, value in found.values.items():
        ends_ = value.interval()
        table.add_row(
            name.replace("_", " "), f"{value.difference:+,.2f}",
            f"{ends_.low:+,.2f} to {ends_.high:+,.2f}",
        )  # fmt: skip
    show_table(table)
    say(
        f"{sure.changed:,} pairs differ or might have; of {sure.by_model:,} of them only a "
        "regression says what, because they had next to no chance. What budgets would have "
        "allowed, and what would have come in a copy's place, is not in it."
    )


def _policy(value: PolicyValue) -> dict[str, Any]:
    return asdict(value) | {"interval": _ends(value.interval())}


def _show(found: list[Judgement]) -> None:
    first = found[0].lift
    window = first.window
    state = "final" if window.final else f"not final: counted to {window.counted_until}"
    state += "".join(f"; no sales of {silence}" for silence in window.silent)
    say(
        f"Days {window.first_day} to {window.last_day - 1}, {state}. The effect of getting the "
        f"copy, {_ESTIMAND[first.against]}; sales per household."
    )
    table = Table(
        "deal", "picked", "given", "control", "sales", "lift", "interval", "p", "sold more",
        "per money paid", "notes", box=None,
    )  # fmt: skip
    ranked = sorted(found, key=lambda each: -each.lift.exposed.households)
    for each in ranked[:_SHOWN]:
        table.add_row(*_row(each))
    show_table(table)
    if len(found) > _SHOWN:
        say(f"and {len(found) - _SHOWN:,} deals more; --json has them all")


def _row(each: Judgement) -> list[str]:
    lift, judged = each.lift, each.lift.judged
    counts = [
        lift.deal, f"{lift.exposed.households:,}", f"{lift.exposed.given_share:.0%}",
        f"{lift.control.households:,}",
    ]  # fmt: skip
    if judged is None:
        return [*counts, "", "", "too few to say", "", "", "", _notes(lift)]
    if not judged.error:
        return [*counts, "0.00", "", "nobody bought", "", "", "", _notes(lift)]
    paid = lift.sales_per_money_paid
    low = "" if paid is None else f"{paid[0]:.2f} to {paid[1]:.2f}"
    return [
        *counts, f"{judged.means.control:.2f} {judged.difference:+.2f}",
        f"{judged.relative:+.0%}" if isfinite(judged.relative) else "",
        _interval(lift, judged), f"{judged.p_value():.3f}", "yes" if each.sold_more else "",
        low, _notes(lift),
    ]  # fmt: skip


def _interval(lift: DealLift, judged: Effect) -> str:
    """The relative interval where it has bounds, else that of the difference."""
    if lift.live is not None:
        return f"{lift.live.low:+.2f} to {lift.live.high:+.2f} on any day"
    relative = judged.relative_interval()
    if relative.is_bounded:
        return f"{relative.low:+.0%} to {relative.high:+.0%}"
    absolute = judged.interval()
    return f"{absolute.low:+.2f} to {absolute.high:+.2f} a household"


def _notes(lift: DealLift) -> str:
    notes = []
    if lift.ratio.is_suspicious:
        notes.append(f"arms are not as drawn ({lift.ratio.share:.1%} control)")
    if lift.control.redeemed_share:
        notes.append(f"{lift.control.redeemed_share:.1%} of the control redeemed")
    placebo = lift.effects["placebo_sales"]
    if placebo is not None and placebo.p_value() < 0.01:
        notes.append("the arms differed before")
    return "; ".join(notes)


def _plain(each: Judgement) -> dict[str, Any]:
    lift = each.lift
    window = lift.window
    return {
        "offer_id": lift.offer_id,
        "deal": lift.deal,
        "supplier": lift.supplier,
        "against": lift.against,
        "window": [window.first_day, window.last_day],
        "final": window.final,
        "counted_until": window.counted_until.isoformat(),
        "silent": [asdict(silence) for silence in window.silent],
        "exposed": _side(lift.exposed),
        "control": _side(lift.control),
        "sample_ratio": asdict(lift.ratio),
        "balance": {name: asdict(found) for name, found in lift.balance.items()},
        "effects": {name: _effect(found) for name, found in lift.effects.items()},
        "judged_by": JUDGED,
        "any_day_interval": _ends(lift.live),
        "sold_more": each.sold_more,
        "pooled": each.pooled,
        "places": [
            {
                "by": place.side,
                "place": place.name,
                "exposed": place.exposed.households,
                "control": place.control.households,
                "effect": _effect(place.effect),
            }
            for place in lift.places
        ],
        "sales_per_money_paid": lift.sales_per_money_paid,
    }


def _side(side: Side) -> dict[str, Any]:
    shares = {"given_share": side.given_share, "redeemed_share": side.redeemed_share}
    return {"households": side.households, **shares}


def _effect(found: Effect | None) -> dict[str, Any] | None:
    if found is None:
        return None
    relative = found.relative_interval()
    p_value = found.p_value()
    return {
        "treated_mean": found.means.treated,
        "control_mean": found.means.control,
        "difference": found.difference,
        "error": found.error,
        "interval": _ends(found.interval()),
        "lift": found.relative if isfinite(found.relative) else None,
        "lift_interval": _ends(relative) if relative.is_bounded else None,
        "p_value": p_value if isfinite(p_value) else None,
        "strata": found.strata,
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
