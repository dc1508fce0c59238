"""Sales made offline come to the same in whatever order they, their voids and returns arrive."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, reference_of, return_of
from service.api.till.schemas import BasketIn, OfflineIn, ReturnIn
from service.checkout import redeem
from service.checkout.give_back import take_back
from service.checkout.offline_uses import Holding, LineUses, OfflineUses, hold_uses
from service.checkout.replay import take
from service.checkout.void import undo
from service.engine.clearing.claim import Party
from service.engine.clearing.parties import encode
from service.engine.redeem import RefusalReason
from service.settings import Settings
from service.store import catalogue, ledger
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.offer import Offer
from service.store.till import Reference
from tests.shop import BREAD, H1, H2, MILK, SOAP, Shop, issue_again, open_shop
from tests.till import body

pytestmark = pytest.mark.slow

TILL = Caller(1, Role.ADMIN, None, None)
DAYS = ("2026-02-27", "2026-03-05", "2026-03-05", "2026-03-20")
GOODS = [(MILK, 2, 240), (BREAD, 3, 750), (SOAP, 2, 600)]
REASONS = (
    RefusalReason.NOT_YET_VALID,
    RefusalReason.OFFER_STOPPED,
    RefusalReason.EXPIRED,
    RefusalReason.VOIDED,
    RefusalReason.HOUSEHOLD_MISMATCH,
)
SEEDS = 6
AGAIN = "another list of H1"
Act = Callable[[Session, Settings], object]


def uses(
    key: int, minute: int, made: int, reason: RefusalReason | None = None, *, on: int = 1
) -> OfflineUses:
    at = datetime(2026, 3, 5, 17, minute, tzinfo=UTC)
    named = Reference("0042", "1", date(2026, 3, 5), str(key))
    return OfflineUses(key, at, named, (on, 1), made, reason)


def held(made: Sequence[OfflineUses], *, limit: int, used: int) -> dict[int, Holding]:
    """What sales hold of the one list line there is, whose limit is its deal's."""
    return hold_uses(made, lines={(1, 1): LineUses(limit, used, limit)}, deal_used=used)


def test_who_sold_first_gets_the_use_and_the_other_is_in_dispute() -> None:
    late, early = uses(1, 30, 1), uses(2, 10, 1)
    assert held([late, early], limit=1, used=0) == {
        2: Holding(1, None),
        1: Holding(0, RefusalReason.ALREADY_REDEEMED),
    }


def test_of_one_moment_the_reference_decides() -> None:
    found = held([uses(2, 10, 1), uses(1, 10, 1)], limit=1, used=0)
    assert [found[key].uses for key in (1, 2)] == [1, 0]


def test_what_the_service_answered_comes_before_every_offline_sale() -> None:
    assert held([uses(1, 0, 2)], limit=2, used=1) == {1: Holding(1, RefusalReason.LIMIT_REACHED)}


def test_a_sale_that_fits_comes_before_one_that_uses_up_the_rest() -> None:
    greedy, small = uses(1, 0, 3), uses(2, 10, 2)
    assert held([greedy, small], limit=2, used=0) == {
        1: Holding(0, RefusalReason.LIMIT_REACHED),
        2: Holding(2, None),
    }


@pytest.mark.parametrize(
    ("reason", "holds"),
    [
        (RefusalReason.NOT_YET_VALID, 1),
        (RefusalReason.OFFER_STOPPED, 1),
        (RefusalReason.EXPIRED, 0),
        (RefusalReason.VOIDED, 0),
        (RefusalReason.HOUSEHOLD_MISMATCH, 0),
    ],
)
def test_a_sale_that_was_never_good_holds_only_what_could_be_used_once_more(
    reason: RefusalReason, holds: int
) -> None:
    assert held([uses(1, 0, 1, reason)], limit=1, used=0) == {1: Holding(holds, reason)}


def test_two_lists_share_the_limit_of_their_deal() -> None:
    lines = {(1, 1): LineUses(1, 0, 1), (2, 1): LineUses(1, 0, 1)}
    late, early = uses(1, 30, 1, on=1), uses(2, 10, 1, on=2)
    assert hold_uses([late, early], lines=lines, deal_used=0) == {
        2: Holding(1, None),
        1: Holding(0, RefusalReason.LIMIT_REACHED),
    }
    assert hold_uses([late], lines=lines, deal_used=1) == {
        1: Holding(0, RefusalReason.LIMIT_REACHED)
    }


def test_each_revision_has_the_limit_it_was_printed_with() -> None:
    lines = {(1, 1): LineUses(2, 0, 2), (2, 1): LineUses(1, 0, 1)}
    assert hold_uses([uses(1, 0, 1, on=1), uses(2, 1, 1, on=2)], lines=lines, deal_used=0) == {
        1: Holding(1, None),
        2: Holding(0, RefusalReason.LIMIT_REACHED),
    }
    assert hold_uses([uses(1, 1, 1, on=1), uses(2, 0, 1, on=2)], lines=lines, deal_used=0) == {
        1: Holding(1, None),
        2: Holding(1, None),
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.integers(1, 3), st.sampled_from([None, *REASONS])),
        max_size=6,
    ),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_what_each_sale_holds_depends_on_no_order_and_keeps_the_limits(
    drawn: list[tuple[int, int, RefusalReason | None]],
    limits: tuple[int, int],
    used: int,
    mix: Any,
) -> None:
    made = [uses(key, *each, on=1 + key % 2) for key, each in enumerate(drawn)]
    lines = {(n, 1): LineUses(limit, used * (n == 1), 4) for n, limit in enumerate(limits, 1)}
    found = hold_uses(made, lines=lines, deal_used=used)
    assert sum(each.uses for each in found.values()) <= max(4 - used, 0)
    for line, its in lines.items():
        holds = sum(found[each.key].uses for each in made if each.line == line)
        assert holds <= max(its.limit - its.used, 0)
    for each in made:
        assert 0 <= found[each.key].uses <= each.made
        if found[each.key].reason is None:
            assert found[each.key].uses == each.made
    mix.shuffle(made)
    assert hold_uses(made, lines=lines, deal_used=used) == found


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale made offline: whose list, when, and (list line, basket line, units, cents, uses)."""

    number: int
    household: str
    minute: int
    day: str
    given: tuple[tuple[int, int, int, int, int], ...]


def drawn_sales(draw: random.Random) -> list[Sale]:
    """Some sales that mostly want the same few uses, each for an amount of its own."""
    made = []
    for number in range(draw.randint(3, 5)):
        lines = {
            1: (1, 1, draw.randint(1, 2), draw.randint(1, 240), 1),
            2: (2, 2, draw.randint(1, 3), draw.randint(1, 750), draw.randint(1, 2)),
            3: (3, 3, 2, draw.randint(1, 600), 1),
        }
        chosen = sorted(draw.sample(list(lines), draw.randint(1, 3)))
        made.append(
            Sale(
                number,
                draw.choice([H1, H1, AGAIN, H2]),
                draw.randint(0, 3),
                draw.choice(DAYS),
                tuple(lines[line] for line in chosen),
            )
        )
    return made


def taken(shop: Shop, sale: Sale) -> Act:
    """The replay of a sale."""
    code = shop.lists[sale.household]
    sent = body(f"o{sale.number}", presented=[("list", code)], lines=GOODS, day=sale.day)
    sent["transaction"]["at"] = f"{sale.day}T12:{sale.minute:02}:00+00:00"
    sent["discounts"] = [
        {"line": n, "list_code": code, "list_line": on, "units": u, "amount_cents": c, "uses": k}
        for on, n, u, c, k in sale.given
    ]
    offline = offline_of(OfflineIn.model_validate(sent), TILL)
    return lambda session, settings: take(session, settings, offline)


def undone(sale: Sale) -> Act:
    """The void of a sale."""
    named = BasketIn.model_validate(body(f"o{sale.number}", day=sale.day)).transaction
    return lambda session, _: undo(session, reference_of(named), key_id=1)


def brought_back(sale: Sale, lines: Sequence[tuple[int, int]]) -> Act:
    """The return of some of a sale's goods: (line, pieces)."""
    original = body(f"o{sale.number}", day=sale.day)["transaction"]
    del original["at"]
    sent = {
        "transaction": body(f"r{sale.number}", day=sale.day)["transaction"],
        "original": original,
        "lines": [{"line": line, "quantity": pieces} for line, pieces in lines],
    }
    request = return_of(ReturnIn.model_validate(sent), TILL)
    return lambda session, settings: take_back(session, settings, request)


class Undone(Exception):
    """Ends a unit of work without writing it."""


def books(
    database: Database, settings: Settings, acts: Sequence[Act]
) -> dict[str, Counter[tuple[Any, ...]]]:
    """What some acts come to in this order; nothing of it is kept."""
    totals: dict[str, Counter[tuple[Any, ...]]] = {}
    try:
        with database.write() as session:
            for act in acts:
                act(session, settings)
            session.flush()
            assert ledger.imbalance(session) == ledger.uncharged(session) == []
            totals = _totals(session)
            raise Undone
    except Undone:
        return totals


def _totals(session: Session) -> dict[str, Counter[tuple[Any, ...]]]:
    asked = {
        "ledger": """SELECT r.household_id, e.offer_id, e.account, e.amount_cents
            FROM ledger_entry e LEFT JOIN till_return t ON t.id = e.posting
            JOIN redemption r
              ON r.id = coalesce(t.redemption_id, replace(e.posting, '-void', ''))""",
        "owed": """SELECT offer_id, supplier_id, amount_cents FROM ledger_entry
            WHERE account = 'supplier_receivable'""",
        "charged": """SELECT offer_id, supplier_id, uses FROM ledger_entry
            WHERE account = 'supplier_receivable'""",
        "off": """SELECT offer_id, supplier_id, discount_cents FROM ledger_entry
            WHERE account = 'supplier_receivable'""",
        "discounts": """SELECT household_id, total_discount_cents FROM redemption
            WHERE state <> 'voided'""",
        "disputes": """SELECT r.household_id, c.offer_id, c.reason, c.borne_by, c.amount_cents
            FROM till_conflict c JOIN redemption r ON r.id = c.redemption_id
            WHERE c.ended_at IS NULL""",
        "uses": "SELECT list_id, list_line, uses FROM redemption_line WHERE live",
        "fees": """SELECT l.offer_id, o.charged_uses FROM offline_use o
            JOIN redemption_line l ON l.id = o.redemption_line_id
            JOIN redemption r ON r.id = l.redemption_id WHERE r.state <> 'voided'""",
        "baskets": """SELECT b.household_id, l.gtin, l.amount_cents FROM basket b
            JOIN basket_line l ON l.basket_id = b.id""",
    }
    totals = {}
    for name, sql in asked.items():
        summed: Counter[tuple[Any, ...]] = Counter()
        for *key, amount in session.connection().exec_driver_sql(sql):
            summed[tuple(key)] += int(amount)
        totals[name] = Counter({key: amount for key, amount in summed.items() if amount})
    return totals


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    """The shop, with two lists of H1, and a use answered while the service could be asked."""
    opened = open_shop(database, settings, tmp_path)
    opened.lists[AGAIN] = issue_again(database, opened, H1, 3)
    with database.write() as session:
        ids = catalogue.ensure_suppliers(session, ["Dale Foods", "Oven Works", "House Brand"])
        dale, oven, house = ids["Dale Foods"], ids["Oven Works"], ids["House Brand"]
        for offer_id, parties in (
            (opened.milk_offer, [Party(house, 1, 3333, None, 50), Party(dale, 2)]),
            (opened.bread_offer, [Party(dale, 1, None, 7), Party(oven, 2, 5000), Party(house, 3)]),
        ):
            stored = update(Offer).where(col(Offer.id) == offer_id).values(parties=encode(parties))
            session.execute(stored)
    sent = BasketIn.model_validate(
        body(1, presented=[("list", opened.lists[H1])], lines=[(BREAD, 1, 250)])
    )
    redeem(database, settings, basket_of(sent, TILL))
    return opened


@pytest.mark.parametrize("liability", ["retailer", "supplier"])
def test_any_order_of_sales_voids_and_returns_comes_to_the_same(
    database: Database, settings: Settings, shop: Shop, liability: str
) -> None:
    chosen = settings.model_copy(update={"offline_liability": liability})
    for seed in range(SEEDS):
        draw = random.Random(seed)
        made = drawn_sales(draw)
        acts = [taken(shop, each) for each in made]
        returned = brought_back(made[0], draw.choice([((1, 2),), ((2, 1),), ((1, 1), (2, 3))]))
        acts += [undone(made[-1]), returned][: draw.randint(0, 2)]
        expected = books(database, chosen, acts)
        for _ in range(2):
            mixed = draw.sample(acts, len(acts))
            # Goods can only come back from a sale that is known.
            if returned in mixed and mixed.index(returned) < mixed.index(acts[0]):
                mixed.remove(acts[0])
                mixed.insert(mixed.index(returned), acts[0])
            assert books(database, chosen, mixed) == expected, seed


def test_the_use_of_a_voided_sale_passes_to_the_next_and_so_does_what_is_owed(
    database: Database, settings: Settings, shop: Shop
) -> None:
    first = Sale(1, H1, 0, "2026-03-05", ((1, 1, 1, 90, 1),))
    second = Sale(2, H1, 1, "2026-03-05", ((1, 1, 1, 70, 1),))
    alone = books(database, settings, [taken(shop, second)])
    both = books(database, settings, [taken(shop, first), taken(shop, second)])
    key = shop.milk_offer
    household = next(iter(alone["discounts"]))[0]
    owed = (household, key, "supplier_receivable")
    assert (alone["ledger"][owed], both["ledger"][owed]) == (78, 98)
    assert both["disputes"] == {(household, key, "already_redeemed", "retailer"): 70}
    for acts in (
        [taken(shop, second), taken(shop, first), undone(first)],
        [undone(first), taken(shop, second), taken(shop, first)],
        [taken(shop, first), brought_back(first, ((1, 2),)), taken(shop, second)],
        [taken(shop, first), taken(shop, second), brought_back(first, ((1, 2),))],
    ):
        after = books(database, settings, acts)
        assert after["ledger"][owed] == 78
        assert after["disputes"] == {}
        assert after["fees"] == {(key,): 1}


def test_an_older_sale_heard_of_late_takes_the_use_and_the_audit_trail_tells(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    old = Sale(1, H1, 0, "2026-03-05", ((1, 1, 1, 90, 1),))
    young = Sale(2, H1, 1, "2026-03-05", ((1, 1, 1, 70, 1),))
    for each in (young, old, young):
        with database.write() as session:
            told = json.loads(str(taken(shop, each)(session, settings)))
    assert [c["reason"] for c in told["conflicts"]] == ["already_redeemed"]
    assert read_only(
        """SELECT r.number, l.live, l.amount_cents FROM redemption_line l
           JOIN redemption r ON r.id = l.redemption_id WHERE l.list_line = 1 ORDER BY r.number"""
    ) in ([("o1", True, 90), ("o2", False, 70)], [("o1", 1, 90), ("o2", 0, 70)])
    assert read_only(
        """SELECT r.number FROM till_event e JOIN redemption r ON r.id = e.redemption_id
           WHERE e.verb = 'resettlement'"""
    ) == [("o2",)]
