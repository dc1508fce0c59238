"""The expected result of a cycle, and the response model of earlier cycles, as tables."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.cycle import WhatIf
from service.cycle.learn import learned
from service.engine.allocate.elasticity import elasticity
from service.engine.allocate.response import Lesson
from service.engine.allocate.value import DEPTHS
from service.engine.money import format_money

_SHOWN = 40
_TENFOLD = 10


def show_plan(found: WhatIf, *, currency: str) -> None:
    """Print a plan for people to read."""

    def money(cents: int | None) -> str:
        return "no limit" if cents is None else format_money(cents, currency)

    sampled = "" if found.sampled_percent == 100 else f" (from {found.sampled_percent} % of them)"
    say(
        f"{found.eligible:,} of {found.households:,} households{sampled}, {found.holdout:,} held "
        f"out; {found.offers_issued:,} copies worth {money(found.face_value_cents)}, expected "
        f"{found.expected_redemptions:,.0f} redemptions for {money(found.expected_cost_cents)}; "
        f"at most {found.gap:.2%} from the best"
    )
    if found.general:
        say(f"{found.general:,} of them agreed to no profile: nothing they bought decides")
    _suppliers(found.suppliers, money)
    _deals(found.deals, money)
    table = Table(
        "worth", "households", "offers", "floor", "ceiling", "mean worth", "below floor", box=None
    )
    for row in found.worth:
        table.add_row(
            str(row["worth_decile"]), f"{row['households']:,}",
            f"{row['offers'] / max(1, row['households']):.1f}", money(row["floor_cents"]),
            money(row["ceiling_cents"]), money(row["mean_face_value_cents"]),
            f"{row['below_floor']:,}",
        )  # fmt: skip
    show_table(table)
    _pins(found)
    say(f"{found.short:,} households get fewer than {found.fewer_than} offers")
    for reason, count in found.short_because.items():
        say(f"  {reason.replace('_', ' ')}: {count:,}")
    _left_out(found.left_out)
    say("nothing was written: this was a dry run")


def _pins(found: WhatIf) -> None:
    """What became of pins, and how much bans forbid."""
    for each in found.pins[:_SHOWN]:
        whom = f"household {each.household}" if each.household else each.cell or "all"
        refused = ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in each.refused.items())
        said = f"; not given: {refused}" if refused else ""
        say(f"pin {each.override_id} of {each.deal_id} for {whom}: {each.copies:,} copies{said}")
    if len(found.pins) > _SHOWN:
        say(f"and {len(found.pins) - _SHOWN:,} pins more; --json names them all")
    if found.banned:
        say(f"bans forbid {found.banned:,} copies")


def _left_out(rows: tuple[dict[str, str], ...]) -> None:
    if not rows:
        return
    say(f"{len(rows):,} households get no list, because their letter cannot be printed")
    for row in rows[:_SHOWN]:
        say(f"  household {row['household_id']}: {row['reason']}: {row['detail']}")
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN:,} more; --json names them all")


def _suppliers(rows: tuple[dict[str, Any], ...], money: Any) -> None:
    table = Table("supplier", "deals", "copies", "redemptions", "expected", "at worst", box=None)
    for row in rows[:_SHOWN]:
        table.add_row(
            row["supplier"], str(row["deals"]), f"{row['copies']:,}",
            f"{row['expected_redemptions']:,.0f}", money(row["expected_cost_cents"]),
            money(row["worst_cost_cents"]),
        )  # fmt: skip
    show_table(table)


def _deals(rows: tuple[dict[str, Any], ...], money: Any) -> None:
    table = Table(
        "deal", "copies", "redemptions", "expected", "budget left", "overspend", "binds",
        "shows a lift from", box=None,
    )  # fmt: skip
    biggest = sorted(rows, key=lambda row: (-row["expected_cost_cents"], row["offer_id"]))
    for row in biggest[:_SHOWN]:
        chance = row["overspend_chance"]
        table.add_row(
            row["deal_id"], f"{row['copies']:,}", f"{row['expected_redemptions']:,.0f}",
            money(row["expected_cost_cents"]), money(row["budget_left_cents"]),
            "" if chance is None else f"{chance:.2g}", row["binds"] or "", _shows(row),
        )  # fmt: skip
    show_table(table)
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN:,} deals more; --json names them all")


def _shows(row: dict[str, Any]) -> str:
    """The smallest lift that the deal's control share will show, or a share that shows more."""
    own = row["shows_from"]
    if own is not None:
        return f"{_lift(own)} ({row['control_share']} % control)"
    ten = row["shows_from_10"]
    return "" if ten is None else f"no control; 10 %: {_lift(ten)}"


def _lift(share: float) -> str:
    """A lift in per cent; beyond tenfold nobody needs it exactly."""
    return f"{share:.0%}" if share < _TENFOLD else "> 1000%"


def response(
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="From cycles whose lists ended before it"),
    ],
) -> None:
    """What the holdouts of earlier cycles show about households' response to deals, by cell."""
    with open_database() as (database, settings), database.read() as session:
        found = learned(session, settings, as_of=as_of.date())
    table = Table(
        "cell", "copies", "bought", "held out", "bought", "expected gain", "seen", "by chance",
        "factor", box=None,
    )  # fmt: skip
    seen = {row["cell"]: row for row in found.lesson.cells.iter_rows(named=True)}
    for cell, factor in found.lesson.model.factors.items():
        row = seen.get(cell)
        table.add_row(cell, *(("",) * 7 if row is None else _cell(row)), f"{factor:.3f}")
    show_table(table)
    _depths(found.lesson)
    pulled = elasticity(found.lesson.depths)
    if pulled is None:
        say("how much more deeper discounts add is not seen yet")
    else:
        say(
            f"one per cent more off the price adds {pulled.value:.2f} +- {pulled.error:.2f} per "
            f"cent to what a copy adds; the defaults say {pulled.stated:.2f}"
        )
    cycles = found.evidence["cycle_id"].n_unique()
    say(
        f"all together {found.lesson.overall:.3f} +- {found.lesson.error:.3f}; "
        f"{cycles} cycles from {found.window_from} to before {found.as_of}; redemptions "
        f"{found.lesson.model.redeemed:.3f} times those expected"
    )


def _cell(row: dict[str, Any]) -> tuple[str, ...]:
    """What a cell showed; how often its pairs were open, and the factor by that, where it says."""
    swung = row["swing_factor"]
    held = row["ghost_rate"] is not None
    return (
        f"{row['exposed']:,}", f"{row['exposed_rate']:.1%}", f"{row['ghosts']:,}",
        f"{row['ghost_rate']:.1%}" if held else "", f"{row['expected_gain']:,.1f}",
        f"{row['seen_gain']:,.1f} +- {row['error']:,.1f}" if held else "",
        "" if swung is None else f"{swung:.2f} +- {row['swing_error']:.2f} ({row['swings']:,})",
    )  # fmt: skip


def _depths(lesson: Lesson) -> None:
    """What discounts of each depth add, over what the defaults expect of such a discount."""
    if lesson.depths.is_empty():
        return
    names = [name for name, _ in DEPTHS]
    table = Table("by per cent off", *(name.replace("_", " ") for name in names), box=None)
    found = {
        (cell, depth): factor
        for cell, depth, factor in lesson.depths.select("cell", "depth", "factor").iter_rows()
    }
    for cell in dict.fromkeys(lesson.depths["cell"]):
        known = (found.get((cell, name)) for name in names)
        table.add_row(cell, *("" if each is None else f"{each:.3f}" for each in known))
    show_table(table)
