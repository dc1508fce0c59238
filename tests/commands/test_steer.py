"""larder deals, larder cycle --dry-run and larder response, as they are typed."""

import io
from pathlib import Path

import pytest

from service.commands.console import current_user
from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.market import AS_OF, open_issued, query


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def test_a_deal_is_stopped_and_its_trail_is_shown(
    configured: Larder, database: Database, issued: None
) -> None:
    listed = configured("deals", "list").out.splitlines()
    assert listed[0].split() == [
        "number", "deal", "supplier", "state", "mailed", "copies", "budget", "reserved", "spent",
        "title", "value", "products", "redeemed", "targets",
    ]  # fmt: skip
    assert listed[-1] == "18 deals"
    unknown = configured("deals", "stop", "3", "--by", "anna@shop.example")
    assert (unknown.code, "Nobody has the e-mail address" in unknown.err) == (1, True)
    assert configured("users", "add", "anna@shop.example", "--role", "marketing").code == 0
    stopped = configured("deals", "stop", "3", "--by", "Anna@shop.example", "--note", "recall")
    assert (stopped.code, stopped.out) == (0, "Deal 3 is paused.\n")
    assert configured("deals", "stop", "3").code == 1
    shown = configured("deals", "show", "3").out
    assert "D2, revision 1: Deal 2, paused, stopped; budget no limit" in shown
    user = f"user {current_user()}"
    assert f'stop by anna, {user}, running -> paused {{"note": "recall"}}' in shown
    assert configured("deals", "resume", "3").out == "Deal 3 is running.\n"
    assert configured("deals", "list", "--state", "paused").out.splitlines()[-1] == "0 deals"


def test_a_budget_is_typed_as_money(configured: Larder, database: Database, issued: None) -> None:
    wrong = configured("deals", "budget", "1", "5,000")
    assert (wrong.code, wrong.err.strip()) == (
        1,
        "larder: '5,000' is not an amount of money such as 5000.00.",
    )
    assert configured("deals", "budget", "1", "5000.50").out == "Deal 1 is running.\n"
    assert query(database, "SELECT budget_cents FROM offer WHERE id = 1") == [(500_050,)]
    assert "chance of more than the budget: at most 0" in configured("deals", "show", "1").out


def test_a_dry_run_is_told_in_tables_and_writes_nothing(
    configured: Larder, database: Database, issued: None
) -> None:
    day = AS_OF.replace(day=9).isoformat()
    ended = configured("cycle", "--dry-run", "--as-of", day)
    assert ended.code == 0
    assert "29 of 30 households" in ended.out
    assert ended.out.splitlines()[-1] == "nothing was written: this was a dry run"
    assert query(database, "SELECT count(*) FROM cycle") == [(1,)]
    assert (
        '"sampled_percent": 100' in configured("cycle", "--dry-run", "--json", "--as-of", day).out
    )


def test_what_was_learned_is_shown_by_cell(
    configured: Larder, database: Database, issued: None
) -> None:
    shown = configured("response", "--as-of", "2026-03-20").out.splitlines()
    depths = next(place for place, line in enumerate(shown) if "by per cent off" in line)
    # A head and nine cells, then a head and the cells of which depths of discounts are known.
    assert depths == 10
    assert 11 < len(shown) <= 21
    assert shown[-1].startswith("all together 0.")
    assert "1 cycles from 2025-09-19 to before 2026-03-20; redemptions 0." in shown[-1]


def test_many_deals_are_stopped_at_once_and_one_is_edited(
    configured: Larder, issued: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configured("deals", "stop").code == 1
    assert configured("deals", "stop", "3", "--all").code == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = configured("deals", "stop", "--supplier", "Supplier 0")
    assert (asked.code, "Go on?" in asked.out) == (1, True)
    one = configured("deals", "stop", "--deal", "Supplier 0:D0")
    assert (one.code, one.out) == (0, "1 of 1 deals stopped, 0 skipped\n")
    rest = configured("deals", "stop", "--all", "--yes").out.splitlines()
    assert rest[0] == "17 of 18 deals stopped, 1 skipped"
    assert rest[1].startswith("  1 skipped: ")
    assert rest[1].endswith("(D0)")
    paused = configured("deals", "list", "--state", "paused", "--text", "deal 1").out.splitlines()
    assert paused[-1] == "9 deals"
    edited = configured("deals", "set", "Supplier 0:D0", "title=Other", "--dry-run").out
    assert "D0 (revised): Supplier 0 gives" in edited
    assert configured("deals", "set", "Supplier 0:D0", "title=Other").code == 0
    assert configured("deals", "set", "Supplier 0:D0", "title").code == 1
    assert configured("deals", "list", "--text", "other").out.splitlines()[-1] == "1 deals"
    drawn = configured("deals", "picture", "1", "--out", "d.png")
    assert (drawn.code, drawn.out) == (0, "d.png: deal 1 in en\n")
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
