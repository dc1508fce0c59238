"""deals list, show, check, approve, send-back, stop, resume, budget: people steer deals."""

import json
import re
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import current_user, say, show_table
from service.commands.database import open_database
from service.currencies import minor_digits
from service.deals import steer
from service.engine.lifecycle import DealState
from service.engine.money import format_money
from service.errors import InvalidInput

Number = Annotated[int, typer.Argument(help="The deal's number, as `larder deals list` shows it")]
By = Annotated[
    str | None, typer.Option("--by", help="Who does it; by default the user of this machine")
]
Note = Annotated[str, typer.Option(help="Why, for the audit trail")]


def show_all(
    state: Annotated[
        list[DealState] | None, typer.Option(help="Only deals in this state; may be repeated")
    ] = None,
) -> None:
    """Every deal with its state, copies, budget, reservations and spending."""
    with open_database() as (database, settings):
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
    with open_database() as (database, settings):
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
        change = f"{event.from_state or 'new'} -> {event.to_state}"
        detail = f" {json.dumps(event.detail, sort_keys=True)}" if event.detail else ""
        say(
            f"  {event.happened_at:%Y-%m-%d %H:%M:%S} UTC revision {revision}: {event.act} by "
            f"{event.actor}, {change}{detail}"
        )


def check(number: Number, by: By = None) -> None:
    """Confirm that a draft is as intended; then another person may approve it."""
    with open_database() as (database, _):
        _say(number, steer.check(database, number, by=by or current_user()))


def approve(number: Number, by: By = None) -> None:
    """Approve a checked deal. With approval on, whoever loaded it may not."""
    with open_database() as (database, settings):
        _say(number, steer.approve(database, settings, number, by=by or current_user()))


def send_back(number: Number, by: By = None, note: Note = "") -> None:
    """Make a checked deal a draft again."""
    with open_database() as (database, _):
        _say(number, steer.send_back(database, number, by=by or current_user(), note=note))


def stop(number: Number, by: By = None, note: Note = "") -> None:
    """Stop a deal at once: no more copies, and tills refuse those in circulation."""
    with open_database() as (database, _):
        _say(number, steer.stop(database, number, by=by or current_user(), note=note))


def resume(
    number: Number,
    by: By = None,
    note: Note = "",
    new_copies_only: Annotated[
        bool,
        typer.Option("--new-copies-only", help="Keep refusing the copies of earlier revisions"),
    ] = False,
) -> None:
    """Resume a stopped deal."""
    with open_database() as (database, _):
        state = steer.resume(
            database, number, by=by or current_user(), new_copies_only=new_copies_only, note=note
        )
        _say(number, state)


def budget(
    number: Number,
    amount: Annotated[str, typer.Argument(help="The whole budget from now on, as 5000.00")],
    by: By = None,
) -> None:
    """Raise the budget of a deal while it runs."""
    with open_database() as (database, settings):
        digits = minor_digits(settings.currency)
        decimals = rf"(\.[0-9]{{{digits}}})?" if digits else ""
        if not re.fullmatch(rf"[0-9]{{1,9}}{decimals}", amount):
            example = f"{5000:.{digits}f}"
            raise InvalidInput(f"{amount[:40]!r} is not an amount of money such as {example}.")
        cents = int(Decimal(amount).scaleb(digits))
        _say(number, steer.raise_budget(database, settings, number, cents, by=by or current_user()))


def _say(number: int, state: DealState) -> None:
    say(f"Deal {number} is {state}.")
