"""Clearing as it is typed: agreements, claims, a dispute, and the check of the books."""

import json
from pathlib import Path

from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import sold
from tests.clearing.conftest import DALE, form
from tests.commands.conftest import Larder
from tests.shop import H1, open_shop
from tests.till import FULL


def test_a_claim_is_drawn_issued_disputed_and_the_books_are_checked(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    (tmp_path / "agreed.json").write_text(form(DALE).model_dump_json(), encoding="utf-8")
    loaded = configured("agreements", "load", "agreed.json")
    assert loaded.out.splitlines() == ["1 agreements added, 0 revised, 0 unchanged"]
    assert configured("agreements", "list").out.splitlines()[1].split()[:4] == [
        "S-1", "Dale", "Foods", "Inc.",
    ]  # fmt: skip
    drawn = configured("claims", "draw")
    assert drawn.out.splitlines() == ["1 claims drawn as drafts: $1.08"]
    issued = configured("claims", "issue", "1")
    number = issued.out.split()[1]
    assert number.endswith("-000001")
    assert "is issued: $1.10" in issued.out
    shown = configured("claims", "show", number).out
    assert "MILK-1 r1" in shown
    assert "opening $0.00, closing $1.10, open of this claim $1.10" in shown
    opened = configured(
        "disputes", "open", number, "--line", "1", "--reason", "wrong_rate", "--amount", "0.40"
    )
    assert opened.out.strip().endswith("is open: $0.40, accepted $0.00")
    assert configured("disputes", "answer", "1", "--accept", "0.10").code == 1
    answered = configured(
        "disputes", "answer", "1", "--accept", "0.10", "--reason", "count_difference"
    )
    assert answered.out.strip().endswith("is partly_accepted: $0.40, accepted $0.10")
    assert configured("disputes", "list").out.splitlines()[1].split()[-2] == "$0.10"
    listed = configured("claims", "list", "--account", "S-1").out.splitlines()
    assert listed[1].split()[-2:] == ["$1.10", "$1.00"]
    refused = configured("claims", "cancel", number, "--note", "wrong")
    assert (refused.code, "was paid or credited" in refused.err) == (1, True)
    books = configured("books", "check")
    assert (books.code, "waits_for_an_agreement: Oven Works by 25" in books.out) == (0, True)
    again = json.loads(configured("agreements", "example").out)
    assert again["format"] == "larder-agreements-1"
