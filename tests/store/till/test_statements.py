"""A till transaction is a fixed number of statements, whatever the basket."""

from typing import Any

import psycopg
import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import quote, redeem
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import CARDS, H1, MILK, SALT, Shop
from tests.till import FULL, body


def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements the driver is asked, from now on."""
    asked: list[str] = []
    if database.is_sqlite:
        for write in (True, False):
            with database.driver(write=write) as connection:
                pass
            connection.set_trace_callback(asked.append)
        return asked
    execute = psycopg.RawCursor.execute

    def noted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.RawCursor, "execute", noted)
    return asked


def test_the_number_of_statements_does_not_depend_on_the_basket(
    database: Database, settings: Settings, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counted(database, monkeypatch)
    baskets = (
        {"lines": [(MILK, 1, 120)]},
        {"presented": [("list", shop.lists[H1])], "lines": FULL},
        {
            "presented": [("list", shop.lists[H1]), ("card", CARDS[H1])],
            "lines": FULL + [(SALT, 1, 80)] * 200,
        },
        {"presented": [("list", shop.lists[H1]), ("phone", "123"), ("phone", "4")]},
        {"presented": [("phone", "5")], "lines": FULL},
    )
    numbers = []
    for number, given in enumerate(baskets):
        sent = BasketIn.model_validate(body(number, **given))  # type: ignore[arg-type]
        basket = basket_of(sent, Caller(1, Role.ADMIN, None, None))
        asked.clear()
        quote(database, settings, basket)
        quoted = len(asked)
        asked.clear()
        redeem(database, settings, basket)
        numbers.append((quoted, len(asked)))
    # SQLite: begin and end, six to look, seven to write. PostgreSQL: one to look, one to write.
    # What is not known is counted by two more; where nothing else is written, in a transaction.
    plain = (8, 15) if database.is_sqlite else (1, 2)
    guessed = (12, 17) if database.is_sqlite else (3, 4)
    assert numbers == [plain] * 3 + [guessed] * 2
