"""The next list of a household: a draft that follows its baskets and is never redeemable."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeem
from service.cycle import write_next_list
from service.cycle.explain_deals import explain_deals
from service.cycle.inputs import read_inputs, read_purchases
from service.engine.offers.why import Why
from service.engine.records import ListDocument
from service.files.households import load_households
from service.jobs.worker import drain
from service.settings import Settings
from service.store import households, work
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import (
    AS_OF,
    basket_line,
    gtin,
    more_baskets,
    open_issued,
    open_market,
    price,
    query,
    write,
)
from tests.till import body

CARD = "952123400000000003"
NEW_CARD = "952123400000009999"
MARK = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def buy(
    database: Database,
    settings: Settings,
    number: int,
    day: str,
    *products: int,
    presented: tuple[str, str] = ("card", CARD),
) -> str:
    sent = BasketIn.model_validate(
        body(
            number,
            presented=[presented],
            lines=[(gtin(product), 1, price(product)) for product in products],
            day=day,
        )
    )
    return redeem(database, settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))


def drafts(database: Database, household_id: int = 3) -> list[ListDocument]:
    rows = query(
        database,
        f"""SELECT document FROM shopping_list
            WHERE state = 'draft' AND household_id = {household_id}""",
    )
    return [ListDocument.from_json(text) for (text,) in rows]


def test_after_a_basket_the_draft_is_written_as_of_the_day_after(
    database: Database, settings: Settings, issued: None
) -> None:
    buy(database, settings, 1, "2026-03-05", 0, 1)
    assert query(database, "SELECT household_id FROM due") == [(3,)]
    assert drain(database, settings) == 1
    (draft,) = drafts(database)
    assert (draft.issued_on, draft.valid_from) == (AS_OF + timedelta(days=4),) * 2
    assert draft.valid_to == AS_OF + timedelta(days=17)
    assert len(draft.reminders) > 3
    assert query(database, "SELECT count(*) FROM due") == [(0,)]


def test_a_basket_of_a_day_to_come_counts_as_one_of_today(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    more_baskets(database, settings, tmp_path, [basket_line(3, "odd", date(2099, 1, 1), 1, 0)])
    buy(database, settings, 1, "2026-03-05", 0, 1)
    days = [datetime.now(UTC).date() + timedelta(days=1)]
    drain(database, settings)
    days.append(datetime.now(UTC).date() + timedelta(days=1))
    (draft,) = drafts(database)
    assert draft.issued_on in days
    assert len(draft.reminders) > 3


@pytest.mark.slow
def test_the_draft_of_a_later_basket_takes_its_place(
    database: Database, settings: Settings, issued: None
) -> None:
    for number, day in enumerate(("2026-03-05", "2026-03-08"), start=1):
        buy(database, settings, number, day, 0, number)
        drain(database, settings)
    (draft,) = drafts(database)
    assert draft.issued_on.isoformat() == "2026-03-09"
    orphans = """SELECT count(*) FROM list_line l LEFT JOIN shopping_list s ON s.id = l.list_id
                 WHERE s.id IS NULL"""
    assert query(database, orphans) == [(0,)]


def test_a_draft_says_no_code(database: Database, settings: Settings, issued: None) -> None:
    buy(database, settings, 1, "2026-03-05", 0, 1)
    drain(database, settings)
    (draft,) = drafts(database)
    assert (draft.list_code, draft.tip) == ("", "")


def test_reminders_follow_what_was_just_bought(
    database: Database, settings: Settings, issued: None
) -> None:
    buy(database, settings, 1, "2026-03-05", 1)
    drain(database, settings)
    (before,) = drafts(database)
    first = next(line for line in before.reminders if not line.reason.endswith("Mar\u00a05"))
    product = 2 * int(first.item.removeprefix("Item "))
    buy(database, settings, 2, "2026-03-06", product, product + 1)
    drain(database, settings)
    (after,) = drafts(database)
    assert after.issued_on.isoformat() == "2026-03-07"
    found = {line.item: line for line in after.reminders}[first.item]
    assert found.reason.endswith("last bought Mar\u00a06")
    assert first.expected_on is not None
    assert found.expected_on is not None
    assert found.expected_on > first.expected_on


def test_a_draft_carries_offers_at_the_cycle_s_prices_and_reserves_nothing(
    database: Database, settings: Settings, issued: None
) -> None:
    before = query(database, "SELECT count(*) FROM ledger_entry")
    buy(database, settings, 1, "2026-03-05", 22)
    drain(database, settings)
    (draft,) = drafts(database)
    assert draft.offers
    assert len(draft.offers) <= 12
    assert draft.worth_cents == sum(offer.face_value_cents for offer in draft.offers)
    assert query(database, "SELECT count(*) FROM ledger_entry") == before


def test_a_draft_leaves_out_the_deals_that_the_household_has_used_up(
    database: Database, settings: Settings, issued: None
) -> None:
    """Deal n is on product n and may be used once where n is even, else twice."""
    printed = dict(
        query(
            database,
            """SELECT l.offer_id, l.uses FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               WHERE s.household_id = 3 AND l.kind = 'offer'""",
        )
    )
    answer = json.loads(buy(database, settings, 1, "2026-03-05", *range(18)))
    used = {each["offer"] for each in answer["discounts"]}
    assert used == set(printed)
    drain(database, settings)
    drafted = dict(
        query(
            database,
            """SELECT l.offer_id, l.uses FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               WHERE s.household_id = 3 AND s.state = 'draft' AND l.kind = 'offer'""",
        )
    )
    left = {offer_id: uses - 1 for offer_id, uses in printed.items()}
    assert set(printed.values()) == {1, 2}
    assert not {offer_id for offer_id, uses in left.items() if not uses} & set(drafted)
    assert {left[offer_id] for offer_id in drafted if offer_id in left} <= {1}
    why = explain_deals(database, settings, "M03", as_of=date(2026, 3, 6), most_missed=99)
    assert {offer.offer_id for offer in why.listed} == set(drafted)
    said = {offer.offer_id for offer in why.missed if offer.reason == Why.USED_UP}
    assert said == {offer_id for offer_id, uses in left.items() if not uses}
    with database.read() as session:
        some = read_purchases(session, settings, before=AS_OF, household_ids=[2, 3])
        alone = read_inputs(session, settings, as_of=AS_OF, bought=some).running.used
        everybody = read_inputs(session, settings, as_of=AS_OF).running.used
    assert alone.rows() == everybody.rows() == [(3, offer_id, 1) for offer_id in sorted(used)]


def test_without_a_cycle_a_draft_reminds_only(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    buy(database, settings, 1, "2026-03-05", 1)
    drain(database, settings)
    (draft,) = drafts(database)
    assert draft.offers == ()
    assert draft.reminders


def test_a_draft_cannot_be_redeemed(database: Database, settings: Settings, issued: None) -> None:
    buy(database, settings, 1, "2026-03-05", 22)
    drain(database, settings)
    ((code,),) = query(database, "SELECT code FROM shopping_list WHERE state = 'draft'")
    answer = buy(
        database,
        settings,
        2,
        "2026-03-07",
        *range(18),
        presented=("list", code),
    )
    assert '"discounts":[]' in answer
    assert '"reason":"unknown_code"' in answer


def test_a_mark_made_meanwhile_stays(database: Database, settings: Settings, issued: None) -> None:
    with database.write() as session:
        work.mark_due(session, 3, at=MARK + timedelta(microseconds=1))
    write_next_list(database, settings, 3, marked_at=MARK)
    assert len(drafts(database)) == 1
    assert query(database, "SELECT household_id, claimed_until FROM due") == [(3, None)]
    write_next_list(database, settings, 3, marked_at=MARK + timedelta(microseconds=1))
    assert query(database, "SELECT count(*) FROM due") == [(0,)]


def test_a_slow_worker_does_not_put_an_older_draft_over_a_newer(
    database: Database, settings: Settings, issued: None
) -> None:
    buy(database, settings, 1, "2026-03-05", 1)
    drain(database, settings)
    newer = query(database, "SELECT id, code FROM shopping_list WHERE state = 'draft'")
    write_next_list(database, settings, 3, marked_at=MARK)
    assert query(database, "SELECT id, code FROM shopping_list WHERE state = 'draft'") == newer


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([("4011", 1, 99)], "a product that nobody knows"),
        ([(gtin(2), -1, -380)], "something taken back"),
        ([], "nothing at all"),
    ],
)
def test_a_household_whose_history_says_nothing_gets_an_empty_draft(
    database: Database,
    settings: Settings,
    issued: None,
    tmp_path: Path,
    lines: list[tuple[str, int, int]],
    why: str,
) -> None:
    people = write(tmp_path / "new.csv", ["household_id,card", f"NEW,{NEW_CARD}"])
    load_households(
        database, people, secret_key=settings.secret_key, language="en", card_pattern="[0-9]{18}"
    )
    with database.read() as session:
        household_id = households.ids_by_ref(session)["NEW"]
    sent: dict[str, Any] = body(1, presented=[("card", NEW_CARD)], lines=lines)
    basket = BasketIn.model_validate(sent)
    redeem(database, settings, basket_of(basket, Caller(1, Role.ADMIN, None, None)))
    assert drain(database, settings) == 1
    (draft,) = drafts(database, household_id)
    assert (draft.offers, draft.reminders, draft.worth_cents) == ((), (), 0)
    assert query(database, "SELECT count(*) FROM due") == [(0,)], why
