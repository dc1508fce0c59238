"""Goodwill: given once, within limits, by a person, in books that balance."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from service.admin.people import PersonRole
from service.desk import goodwill
from service.desk.goodwill import GoodwillReason, GoodwillWanted
from service.errors import Busy, Conflict, Forbidden, InvalidInput, NotFound
from service.settings import Settings
from service.store import audit, ledger
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.goodwill import GoodwillState
from tests.checkout.acts import BALANCES, cents, sold, voided
from tests.people import somebody
from tests.shop import H1, H2, Shop

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
DESK = (PersonRole.SERVICE,)


def wanted(name: str = "a", amount_cents: int = 500, **changed: Any) -> GoodwillWanted:
    values: dict[str, Any] = {"reason": GoodwillReason.TILL_FAULT, "list_id": 1, **changed}
    return GoodwillWanted(name, amount_cents, **values)


def books(database: Database) -> dict[str, int]:
    """Balances of the accounts that goodwill moves."""
    with database.read() as session:
        assert ledger.imbalance(session) == []
        rows = cents([tuple(row) for row in session.connection().exec_driver_sql(BALANCES)])
    return {row[0]: row[2] for row in rows if row[1] is None}


@pytest.fixture
def anna(database: Database, settings: Settings, shop: Shop) -> Actor:
    return somebody(database, settings, "anna", DESK).acting()


@pytest.fixture
def bert(database: Database, settings: Settings, shop: Shop) -> Actor:
    return somebody(database, settings, "bert", DESK).acting()


def test_a_small_amount_is_given_at_once_and_once(
    database: Database, settings: Settings, anna: Actor
) -> None:
    first = goodwill.give(database, settings, wanted(list_line=1), by=anna, now=NOW)
    assert first.state == GoodwillState.GIVEN
    assert books(database) == {"goodwill": 500, "household_discount": -500}
    again = goodwill.give(
        database, settings, wanted(list_line=1), by=anna, now=NOW + timedelta(days=1)
    )
    assert (again.id, again.asked_at) == (first.id, NOW)
    for other in (wanted(amount_cents=400, list_line=1), wanted(list_line=2)):
        with pytest.raises(Conflict, match="name of this request"):
            goodwill.give(database, settings, other, by=anna, now=NOW)
    with pytest.raises(Conflict, match="given for this already"):
        goodwill.give(database, settings, wanted("b", list_line=1), by=anna, now=NOW)
    assert books(database) == {"goodwill": 500, "household_discount": -500}
    with database.read() as session:
        (event,) = audit.find(session, subject="goodwill")
        assert (event.act, event.person_id) == ("give", anna.person_id)
        assert event.detail["amount_cents"] == 500


def test_above_a_limit_a_second_person_decides(
    database: Database, settings: Settings, anna: Actor, bert: Actor
) -> None:
    large = settings.goodwill_alone_cents + 1
    waits = goodwill.give(database, settings, wanted(amount_cents=large), by=anna, now=NOW)
    assert waits.state == GoodwillState.WAITING
    assert books(database) == {}
    with pytest.raises(Conflict, match="second person"):
        goodwill.approve(database, waits.id, by=anna, now=NOW)
    with pytest.raises(Conflict, match="only what was given"):
        goodwill.take_back(database, waits.id, by=bert, now=NOW)
    for _ in range(2):
        given_now = goodwill.approve(database, waits.id, by=bert, now=NOW)
        assert (given_now.state, given_now.second_person_id) == ("given", bert.person_id)
        assert books(database) == {"goodwill": large, "household_discount": -large}
    with pytest.raises(Conflict):
        goodwill.decline(database, waits.id, by=bert, now=NOW)
    for _ in range(2):
        assert goodwill.take_back(database, waits.id, by=anna, now=NOW).state == "voided"
        assert books(database) == {}
    # What was taken back can be given anew, and what was declined is not given.
    once_more = goodwill.give(database, settings, wanted("b", large), by=anna, now=NOW)
    assert goodwill.decline(database, once_more.id, by=anna, now=NOW).state == "declined"
    with pytest.raises(Conflict):
        goodwill.approve(database, once_more.id, by=bert, now=NOW)
    assert books(database) == {}


def test_only_a_person_with_the_right_gives(
    database: Database, settings: Settings, shop: Shop
) -> None:
    mailing = somebody(database, settings, "mia", (PersonRole.MAILING,)).acting()
    for nobody in (SERVICE, Actor("key 1"), mailing):
        error = Forbidden if nobody is mailing else Conflict
        with pytest.raises(error):
            goodwill.give(database, settings, wanted(), by=nobody, now=NOW)
        with pytest.raises(error):
            goodwill.approve(database, 1, by=nobody, now=NOW)
        with pytest.raises(error):
            goodwill.take_back(database, 1, by=nobody, now=NOW)
    assert goodwill.show(database) == []


def test_what_makes_no_sense_is_refused(
    database: Database, settings: Settings, anna: Actor, shop: Shop
) -> None:
    sale = sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    voided(database, 1)
    for wrong, error in (
        (wanted(amount_cents=0), InvalidInput),
        (wanted(amount_cents=-5), InvalidInput),
        (wanted(" "), InvalidInput),
        (wanted(reason=GoodwillReason.OTHER, note=" "), InvalidInput),
        (wanted(note="x" * 301), InvalidInput),
        (wanted(list_id=None), InvalidInput),
        (wanted(redemption_id="no"), InvalidInput),
        (wanted(list_id=77), NotFound),
        (wanted(list_line=77), NotFound),
        (wanted(list_id=None, redemption_id="no"), NotFound),
        (wanted(list_id=None, redemption_id=sale["redemption_id"]), Conflict),
    ):
        with pytest.raises(error):
            goodwill.give(database, settings, wrong, by=anna, now=NOW)
    assert goodwill.show(database) == []


def test_a_receipt_s_goodwill_names_its_store(
    database: Database, settings: Settings, anna: Actor, shop: Shop
) -> None:
    sale = sold(database, settings, 1, presented=[("list", shop.lists[H2])])
    of_sale = wanted(list_id=None, redemption_id=sale["redemption_id"])
    row = goodwill.give(database, settings, of_sale, by=anna, now=NOW)
    assert (row.store_id, row.household_id) == ("0042", 2)
    # A sale that is voided afterwards takes nothing of it back.
    before = books(database)
    voided(database, 1)
    assert books(database) == before == {"goodwill": 500, "household_discount": -500}


def test_nobody_gives_more_in_a_day_than_the_limit(
    database: Database, settings: Settings, anna: Actor
) -> None:
    limit = 3_000
    tight = settings.model_copy(update={"goodwill_day_cents": limit, "goodwill_alone_cents": 900})
    draw = Random(7)
    for number in range(4):
        day, given_now, rows = NOW + timedelta(days=number), 0, []
        for place in range(6):
            amount = draw.randint(1, 1_500)
            ask = wanted(
                f"{number}-{place}", amount, list_line=1 + place % 3, list_id=1 + place // 3
            )
            if given_now + amount > limit:
                with pytest.raises(Conflict, match="a day"):
                    goodwill.give(database, tight, ask, by=anna, now=day)
                continue
            rows.append(goodwill.give(database, tight, ask, by=anna, now=day))
            given_now += amount
            left = goodwill.left_today(database, tight, anna.person_id or 0, now=day)
            assert left == limit - given_now
        for row in rows:
            undo = goodwill.take_back if row.state == "given" else goodwill.decline
            undo(database, row.id, by=anna, now=day)
        assert goodwill.left_today(database, tight, anna.person_id or 0, now=day) == limit
        assert books(database) == {}


def test_at_once_the_limit_holds_and_a_request_is_given_once(
    database: Database, settings: Settings, anna: Actor, bert: Actor
) -> None:
    tight = settings.model_copy(update={"goodwill_day_cents": 1_000})

    def ask(place: int) -> str:
        # The same request twice, the same line by two people, and more than a day allows.
        by = bert if place % 4 == 3 else anna
        name = "same" if place < 2 else f"r{place}"
        try:
            return goodwill.give(
                database, tight, wanted(name, 400, list_line=1 + max(0, place - 1) % 3),
                by=by, now=NOW,
            ).request  # fmt: skip
        except (Conflict, Busy) as error:
            return error.type

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(8)))
    assert set(found) <= {"same", "conflict", "busy", *(f"r{place}" for place in range(8))}
    rows = goodwill.show(database)
    assert len({row.subject for row in rows}) == len(rows) == len({row.request for row in rows})
    for person in (anna, bert):
        assert sum(r.amount_cents for r in rows if r.person_id == person.person_id) <= 1_000
    assert books(database)["goodwill"] == sum(row.amount_cents for row in rows)
