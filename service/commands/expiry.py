"""expire: close the lists whose last day is over."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.commands.console import progress_bars, say
from service.commands.database import acting, open_database
from service.cycle.expiry import expire_lists, stores_day
from service.cycle.overrides import end_pins_of_ended_deals
from service.deals.steer import follow_facts
from service.engine.money import format_money
from service.errors import InvalidInput
from service.store import audit


def expire(
    before: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Close lists whose last day was before this date; today at the stores by default",
        ),
    ] = None,
) -> None:
    """Close the lists that ended and release their budgets; cycles and the scheduler do it too."""
    with open_database() as (database, settings), progress_bars() as progress:
        with database.read() as session:
            today = stores_day(session, settings, now=datetime.now(UTC))
        day = today if before is None else before.date()
        if day > today:
            raise InvalidInput(
                f"It is {today} where the stores are: lists that are good until a day before {day} "
                "have not all ended."
            )
        by = acting(database, settings)
        closed = expire_lists(database, before=day, progress=progress)
        changed = follow_facts(database, on=day)
        end_pins_of_ended_deals(database, now=datetime.now(UTC))
        detail = {"lists": closed.lists, "deals": changed}
        if any(detail.values()):
            with database.write() as session:
                at = datetime.now(UTC)
                audit.add(session, by, "expire", "lists", day.isoformat(), at=at, detail=detail)
    money = format_money(closed.released_cents, settings.currency)
    say(
        f"{closed.lists:,} lists that ended before {day} were closed; {money} of budgets was "
        f"released; {changed:,} deals changed their state"
    )
