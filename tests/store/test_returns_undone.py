"""The migration to returns that can be undone: those from before can be, as far as is known."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

import service.store
from service.errors import InvalidInput
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import BALANCES, cents, returned, sold, voided
from tests.shop import BREAD, H1, MILK, SOAP, Shop, shop

__all__ = ["shop"]


def test_returns_from_before_are_undone_and_keep_their_numbers(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    lines = [(MILK, 1, 120), (BREAD, 2, 500), (SOAP, 4, 1200)]
    shown = [("list", shop.lists[H1])]
    sold(database, settings, 1, presented=shown, lines=lines)
    before = cents(read_only(BALANCES))
    first = returned(database, settings, 11, of=1, lines=[(3, 1)])
    second = returned(database, settings, 12, of=1, lines=[(1, 1), (3, 1)])
    config = Config()
    folder = Path(service.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with database.alter() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        command.upgrade(config, "head")
    with pytest.raises(InvalidInput, match="another basket"):
        sold(database, settings, 12, presented=shown, lines=lines)
    assert returned(database, settings, 11, of=1, lines=[(3, 1)]) == first
    undone = voided(database, 11)
    assert (undone["return_id"], undone["total_refund_cents"]) == (first["return_id"], 200)
    third = returned(database, settings, 13, of=1, lines=[(3, 3)])
    assert second["lines"][1]["refund_cents"] + third["total_refund_cents"] == 1200 - 200
    voided(database, 12)
    voided(database, 13)
    assert cents(read_only(BALANCES)) == before
    # What the milk was went with its line; the money and the use are the household's all the same.
    assert read_only(
        "SELECT line, quantity_milli, amount_cents FROM basket_line ORDER BY line"
    ) == [
        (2, 2000, 400),
        (3, 4000, 1000),
    ]
