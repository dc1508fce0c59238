"""lists show: a list's code, validity and lines, for a household or a card."""

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.shop import CARDS, H1, H2, H3, open_shop


def test_a_household_s_list_is_shown_by_its_number_or_its_card(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    shown = configured("lists", "show", "--household", H1)
    assert (shown.code, shown.err) == (0, "")
    assert [" ".join(line.split()) for line in shown.out.splitlines()] == [
        f"issued list {shop.lists[H1]}, valid from 2026-03-02 to 2026-03-15",
        "line kind text worth uses used",
        "1 offer Dale Milk: $1.00 off $1.00 1 0",
        "2 offer Oven Bread: 20% off $0.50 2 0",
        "3 offer House Soap: $2.00 off $2.00 1 0",
        "4 reminder Milk",
    ]
    by_card = configured("lists", "show", "--card", CARDS[H1])
    assert (by_card.code, by_card.out) == (0, shown.out)
    assert shop.lists[H2] not in shown.out
    assert configured("lists", "show", "--household", H3).out == "no lists\n"
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE shopping_list SET state = 'expired'")
    assert configured("lists", "show", "--household", H1).out == "no lists\n"
    ended = configured("lists", "show", "--household", H1, "--all").out
    assert ended.startswith(f"expired list {shop.lists[H1]}, ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name a household or a card, one of them."),
        (["--household", "H1", "--card", "1"], "Name a household or a card, one of them."),
        (["--household", "nobody"], "There is no household 'nobody'."),
        (["--card", "952123400000000999"], "There is no household with that card."),
    ],
)
def test_whose_lists_cannot_be_shown(configured: Larder, words: list[str], said: str) -> None:
    ended = configured("lists", "show", *words)
    assert (ended.code, ended.out, ended.err) == (1, "", f"larder: {said}\n")
