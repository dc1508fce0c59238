"""deals list, show, check, approve, send-back, stop, resume, budget: people move deals on."""

import json
import re
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table, who
from service.commands.database import opened
from service.deals import steer
from service.engine.lifecycle import DealState
from service.engine.money import format_money
from service.errors import InvalidInput

Number = Annotated[int, typer.Argument(help="The deal's number, as `larder deals list` shows it")]
By = Annotated[
    str | None, typer.Option("--by", help="Who does it; the user of this machine when left out")
]
Note = Annotated[str, typer.Option(help="Why, for the audit trail")]


def show_all(
    state: Annotated[
        list[DealState] | None, typer.Option(help="Only deals in this state; may be repeated")
    ] = None,
) -> None:
    """Every deal with its state, its copies, and what it holds of its budget."""
    with opened() as (database, settings):
        found = steer.list_deals(database, states_=state or ())
    table = Table(
        "number", "deal", "supplier", "state", "mailed", "copies", "budget", "reserved", "spent",
        box=None,
    )  # fmt: skip
    for row in found.iter_rows(named=True):
        budget = row["budget_cents"]
        money = [format_money(row[name], settings.currency) for name in ("reserved_cents",
                 "spent_cents")]  # fmt: skip
        table.add_row(
            str(row["offer_id"]), row["deal_id"], row["supplier"], row["state"],
            f"{row['mail_from']} to {row['mail_to']}", f"{row['issued']:,}",
            "no limit" if budget is None else format_money(budget, settings.currency), *money,
        )  # fmt: skip
    show_table(table)
    say(f"{found.height} deals")


def show(number: Number) -> None:
    """One deal: its state, what it may still cost, and who did what to it."""
    with opened() as (database, settings):
        current, exposure, trail = steer.show(database, number)
    for row in current:
        budget = row["budget_cents"]
        limit = "no limit" if budget is None else format_money(budget, settings.currency)
        say(
            f"{row['offer_id']} {row['supplier']} {row['deal_id']}, revision {row['revision']}: "
            f"{row['title']}, {row['state']}{', stopped' if row['stopped'] else ''}; budget {limit}"
        )

    def money(cents: int) -> str:
        return format_money(cents, settings.currency)

    live = current[0]
    say(
        f"{live['issued']:,} copies issued, {exposure.open_copies:,} open; spent "
        f"{money(live['spent_cents'])}, reserved {money(live['reserved_cents'])}, expected "
        f"{money(exposure.expected_cents)}, at worst {money(exposure.worst_cents)}"
    )
    if exposure.overspend_chance is not None:
        say(f"chance of more than the budget: at most {exposure.overspend_chance:.2g}")
    for revision, event in trail:
        moved = f"{event.from_state or 'new'} -> {event.to_state}"
        detail = f" {json.dumps(event.detail, sort_keys=True)}" if event.detail else ""
        say(
            f"  {event.happened_at:%Y-%m-%d %H:%M:%S} UTC revision {revision}: {event.act} by "
            f"{event.actor}, {moved}{detail}"
        )


def check(number: Number, by: By = None) -> None:
    """Confirm that a draft is as it was meant; another person may approve it then."""
    with opened() as (database, _):
        _say(number, steer.check(database, number, by=by or who()))


def approve(number: Number, by: By = None) -> None:
    """Let a checked deal run. Where approval is on, not by who loaded it."""
    with opened() as (database, settings):
        _say(number, steer.approve(database, settings, number, by=by or who()))


def send_back(number: Number, by: By = None, note: Note = "") -> None:
    """Make a checked deal a draft again."""
    with opened() as (database, _):
        _say(number, steer.send_back(database, number, by=by or who(), note=note))


def stop(number: Number, by: By = None, note: Note = "") -> None:
    """Stop a deal at once: no more copies, and tills refuse those in circulation."""
    with opened() as (database, _):
        _say(number, steer.stop(database, number, by=by or who(), note=note))


def resume(
    number: Number,
    by: By = None,
    note: Note = "",
    new_copies_only: Annotated[
        bool,
        typer.Option("--new-copies-only", help="Go on refusing the copies of earlier revisions"),
    ] = False,
) -> None:
    """Let a stopped deal go on."""
    with opened() as (database, _):
        state = steer.resume(
            database, number, by=by or who(), new_copies_only=new_copies_only, note=note
        )
        _say(number, state)


def budget(
    number: Number,
    amount: Annotated[str, typer.Argument(help="The whole budget from now on, as 5000.00")],
    by: By = None,
) -> None:
    """Raise the budget of a deal while it runs."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{2})?", amount):
        raise InvalidInput(f"{amount[:40]!r} is not an amount of money such as 5000.00.")
    whole, _, part = amount.partition(".")
    cents = int(whole) * 100 + int(part or 0)
    with opened() as (database, settings):
        _say(number, steer.raise_budget(database, settings, number, cents, by=by or who()))


def _say(number: int, state: DealState) -> None:
    say(f"Deal {number} is {state}.")
