"""lists: the shopping lists of a household."""

from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.engine.money import format_money
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store import households, identities, lists
from service.store.session import Database
from service.store.tables.household import IdentityKind
from service.store.tables.shopping_list import ListState, ShoppingList

_OPEN = (ListState.ISSUED, ListState.DRAFT)


def show(
    household: Annotated[
        str | None, typer.Option(help="The retailer's own number of the household")
    ] = None,
    card: Annotated[str | None, typer.Option(help="Or one of its loyalty cards")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also lists that expired or were voided")
    ] = False,
) -> None:
    """A household's lists, newest first: the code, its validity, and each line."""
    if (household is None) == (card is None):
        raise InvalidInput("Name a household or a card, one of them.")
    with open_database() as (database, settings):
        found = _lists(database, settings, household=household, card=card)
        shown = [each for each in found if every or each.state in _OPEN]
        for each in shown:
            _show(database, each, currency=settings.currency)
    if not shown:
        say("no lists")


def _lists(
    database: Database, settings: Settings, *, household: str | None, card: str | None
) -> list[ShoppingList]:
    with database.read() as session:
        if household is not None:
            owner = households.by_ref(session, household)
            household_id = owner.id if owner else None
        else:
            household_id = identities.household_of(
                session, settings.secret_key, IdentityKind.CARD, card or "", country=""
            )
        if household_id is None:
            raise NotFound(
                "There is no household with that card."
                if household is None
                else f"There is no household {household!r}."
            )
        return list(lists.of_household(session, household_id))


def _show(database: Database, each: ShoppingList, *, currency: str) -> None:
    code = "" if each.state == ListState.DRAFT else f" {each.code}"
    say(f"{each.state} list{code}, valid from {each.valid_from} to {each.valid_to}")
    table = Table("line", "kind", "text", "worth", "uses", "used", box=None)
    with database.read() as session:
        for line in lists.lines_and_uses(session, each.id):
            offered = line.offer_id is not None
            table.add_row(
                str(line.line),
                line.kind,
                line.text,
                format_money(line.face_value_cents, currency) if offered else "",
                str(line.uses) if offered else "",
                str(line.used) if offered else "",
            )
    show_table(table)
