"""A small world of tills, suppliers and a bank, in which anything happens in any order.

Acts are drawn and done as the doors do them, each in a transaction of its own. What is refused is
refused; what was done must leave books that add up.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, reference_of, return_of
from service.api.till.schemas import BasketIn, OfflineIn, ReturnIn
from service.checkout import give_back, redeem, replay, void
from service.clearing import settle
from service.clearing.agreements import load_agreements
from service.clearing.books import OVERDUE, Checked, check_books
from service.clearing.disputes import answer_dispute, open_dispute, withdraw_dispute
from service.clearing.draw import draw_claims
from service.clearing.issue import cancel_claim, issue_claim
from service.engine.clearing.claim import ClaimPart, DisputeReason
from service.engine.money import spread
from service.errors import LarderError
from service.files.agreements import AgreementsIn, example
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.access import Role
from tests.crowd import Crowd, open_crowd
from tests.shop import BREAD, MILK, SOAP
from tests.till import body

TILL = Caller(1, Role.ADMIN, None, None)
BY = Actor("the world")
DAYS = tuple(f"2026-03-{day:02}" for day in (2, 5, 9, 12, 15))
GOODS = ((MILK, 120), (BREAD, 250), (SOAP, 300))

LEFT = """SELECT supplier_id, sum(amount_cents), sum(uses), sum(discount_cents) FROM ledger_entry
    WHERE account = 'supplier_receivable'
      AND kind IN ('redemption', 'resettlement', 'return', 'void')
    GROUP BY supplier_id
    HAVING sum(amount_cents) <> 0 OR sum(uses) <> 0 OR sum(discount_cents) <> 0"""
"""What suppliers owe for sales; nothing once every sale is voided."""


@dataclass
class World:
    """Its books, and what happened in it so far."""

    database: Database
    settings: Settings
    crowd: Crowd
    draw: random.Random
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    sold: list[tuple[str, str, list[tuple[int, int]]]] = field(default_factory=list)
    returned: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0
    done: int = 0

    def step(self) -> str:
        """Do one act; its name."""
        self.now += timedelta(minutes=1)
        act = self.draw.choices(_ACTS, weights=_WEIGHTS)[0]
        try:
            act(self)
            self.done += 1
        except LarderError:
            return f"{act.__name__} was refused"
        return act.__name__

    def broken(self) -> list[Checked]:
        """The invariants that do not hold. That all is claimed in time does not in this world."""
        books = check_books(self.database, self.settings, now=self.now)
        return [each for each in books.checks if each.is_broken and each.name != OVERDUE]

    def redeem(self) -> None:
        """One more sale."""
        _redeem(self)

    def undo(self) -> None:
        """Void every return and every sale: nothing was ever sold."""
        for number, day in self.returned:
            self.void(number, day)
        for number, day, _ in self.sold:
            self.void(number, day)

    def void(self, number: str, day: str) -> None:
        """Void a transaction."""
        named = BasketIn.model_validate({**body(number, day=day), "lines": []}).transaction
        void(self.database, reference_of(named), key_id=1)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.database.read() as session:
            return [tuple(row) for row in session.execute(text(query))]

    def next(self) -> str:
        """A number that no transaction has yet."""
        self.number += 1
        return f"w{self.number}"


def open_world(database: Database, settings: Settings, folder: Path, *, seed: int) -> World:
    """A shop with a crowd of lists, and agreements of which two follow each other."""
    crowd = open_crowd(database, settings, folder, size=24, lists_each=2)
    world = World(database, settings, crowd, random.Random(seed))
    # The parties of an agreement go to offers of which no copy is printed; these are.
    load_agreements(database, settings, _agreements(), by=BY, now=world.now)
    with database.write() as session:
        session.execute(
            text("""UPDATE offer SET parties = :parties WHERE deal_ref IN ('MILK-1', 'BREAD-1')"""),
            {"parties": _parties(world)},
        )
    return world


def _parties(world: World) -> str:
    ids = dict(world.rows("SELECT name, id FROM supplier"))
    return json.dumps(
        [
            {"supplier_id": ids["House Brand"], "rank": 1, "share_basis_points": 3333,
             "use_cents": None, "cap_cents": 20},
            {"supplier_id": ids["Dale Foods"], "rank": 2, "share_basis_points": None,
             "use_cents": 11, "cap_cents": None},
            {"supplier_id": ids["Oven Works"], "rank": 3, "share_basis_points": None,
             "use_cents": None, "cap_cents": None},
        ]
    )  # fmt: skip


def _agreements() -> AgreementsIn:
    form = json.loads(example())
    [pattern] = form["agreements"]
    dale = {**pattern["account"], "brands": ["Dale Foods"]}
    others = {**dale, "number": "S-200", "brands": ["Oven Works", "House Brand"]}
    taxed = {"tax_code": "S", "tax_percent": "19", "tolerance": "0.05"}
    # What tills of the one send late is claimed, what those of the others do is not.
    patient = {**taxed, "grace_days": 3650}
    return AgreementsIn.model_validate(
        {
            **form,
            "agreements": [
                {**pattern, **patient, "account": dale, "ref": "D-1", "valid_to": "2026-03-07"},
                {**pattern, **patient, "account": dale, "ref": "D-2", "valid_from": "2026-03-10"},
                {**pattern, **taxed, "account": others, "ref": "O-1"},
            ],
        }
    )


def _basket(world: World) -> tuple[str, str, list[tuple[str, int, int]], str]:
    draw = world.draw
    chosen = [(gtin, draw.randint(1, 3), price) for gtin, price in GOODS if draw.random() < 0.8]
    lines = [(gtin, pieces, pieces * price) for gtin, pieces, price in chosen or [(MILK, 1, 120)]]
    return world.next(), draw.choice(DAYS), lines, draw.choice(world.crowd.codes)


def _redeem(world: World) -> None:
    number, day, lines, code = _basket(world)
    sent = body(number, presented=[("list", code)], lines=lines, day=day)
    redeem(world.database, world.settings, basket_of(BasketIn.model_validate(sent), TILL))
    world.sold.append((number, day, [(n, line[1]) for n, line in enumerate(lines, start=1)]))


def _replay(world: World) -> None:
    number, day, lines, code = _basket(world)
    sent = body(number, presented=[("list", code)], lines=lines, day=day)
    places = {MILK: 1, BREAD: 2, SOAP: 3}
    sent["discounts"] = [
        {"line": n, "list_code": code, "list_line": places[gtin], "units": pieces,
         "amount_cents": world.draw.randint(1, cents)}
        for n, (gtin, pieces, cents) in enumerate(lines, start=1)
    ]  # fmt: skip
    settings = world.settings.model_copy(
        update={"offline_liability": world.draw.choice(["retailer", "supplier"])}
    )
    replay(world.database, settings, offline_of(OfflineIn.model_validate(sent), TILL))
    world.sold.append((number, day, [(n, line[1]) for n, line in enumerate(lines, start=1)]))


def _return(world: World) -> None:
    if not world.sold:
        return
    of, day, lines = world.draw.choice(world.sold)
    line, pieces = world.draw.choice(lines)
    original = body(of, day=day)["transaction"]
    del original["at"]
    number = world.next()
    sent = {
        "transaction": body(number, day=DAYS[-1])["transaction"],
        "original": original,
        "lines": [{"line": line, "quantity": world.draw.randint(1, pieces)}],
    }
    give_back(world.database, world.settings, return_of(ReturnIn.model_validate(sent), TILL))
    world.returned.append((number, DAYS[-1]))


def _void(world: World) -> None:
    made = [(number, day) for number, day, _ in world.sold] + world.returned
    if made:
        world.void(*world.draw.choice(made))


def _draw(world: World) -> None:
    drawn_to = date.fromisoformat(world.draw.choice(DAYS))
    if world.draw.random() < 0.3:
        # Late enough that all there is was posted before: the marks of what is done move over it.
        world.now += timedelta(days=3)
        drawn_to = world.now.date() - timedelta(days=2)
    issue_on = world.now.date() if world.draw.random() < 0.5 else None
    draw_claims(
        world.database, world.settings, drawn_to=drawn_to, by=BY, now=world.now, issue_on=issue_on
    )


def _some(world: World, query: str) -> tuple[Any, ...] | None:
    found = world.rows(query)
    return world.draw.choice(found) if found else None


_OWED = """SELECT c.id, c.total_cents + coalesce((SELECT sum(e.amount_cents)
        FROM claim_settlement s JOIN ledger_entry e ON e.id = s.entry_id
        WHERE s.claim_id = c.id), 0)
    FROM claim c WHERE c.issued_at IS NOT NULL AND c.cancelled_at IS NULL
    ORDER BY c.id DESC LIMIT 9"""


def _issue(world: World) -> None:
    found = _some(world, "SELECT id FROM claim WHERE state = 'draft' ORDER BY id")
    if found:
        issue_claim(world.database, found[0], on=world.now.date(), by=BY, now=world.now)


def _cancel(world: World) -> None:
    found = _some(world, "SELECT id FROM claim WHERE cancelled_at IS NULL ORDER BY id DESC LIMIT 5")
    if found:
        cancel_claim(
            world.database, found[0], note="wrong", on=world.now.date(), by=BY, now=world.now
        )


def _dispute(world: World) -> None:
    found = _some(
        world,
        """SELECT l.claim_id, l.line FROM claim_line l JOIN claim c ON c.id = l.claim_id
           WHERE c.issued_at IS NOT NULL ORDER BY l.claim_id DESC, l.line LIMIT 20""",
    )
    if found:
        open_dispute(
            world.database, found[0], line=found[1], part=world.draw.choice([*ClaimPart]),
            reason=DisputeReason.WRONG_RATE, cents=world.draw.choice([None, 1, 40]), note="",
            on=world.now.date(), by=BY, now=world.now,
        )  # fmt: skip


def _answer(world: World) -> None:
    found = _some(
        world, "SELECT id, claimed_cents FROM claim_dispute WHERE state = 'open' ORDER BY id"
    )
    if not found:
        return
    if world.draw.random() < 0.2:
        withdraw_dispute(world.database, found[0], note="", by=BY, now=world.now)
        return
    accepted = world.draw.randint(0, found[1])
    answer_dispute(
        world.database, found[0], accepted_cents=accepted, reason=DisputeReason.COUNT_DIFFERENCE,
        note="", by=BY, now=world.now,
    )  # fmt: skip


def _pay(world: World) -> None:
    found = _some(world, _OWED)
    if not found:
        return
    claim_id, left = int(found[0]), int(found[1])
    pays: list[Callable[..., object]] = [
        settle.receive_within, settle.set_off_within, settle.clear_within, settle.return_within,
    ]  # fmt: skip
    pay = world.draw.choice(pays)
    reference, cents = world.next(), world.draw.choice([left, left - 3, left // 2, left + 1])
    with world.database.write() as session:
        if pay is settle.clear_within:
            settle.suspend_within(session, cents, reference=reference, by=BY, now=world.now)
        # Sent twice, as a bank's file is loaded twice: it counts once.
        for _ in range(2):
            pay(session, claim_id, cents, reference=reference, by=BY, now=world.now)


def _write_off(world: World) -> None:
    found = _some(world, _OWED)
    if found:
        with world.database.write() as session:
            settle.write_off_within(
                session, int(found[0]), int(found[1]), note="lost", by=BY, now=world.now
            )


def _offset(world: World) -> None:
    owed = world.rows(_OWED)
    more = [claim_id for claim_id, cents in owed if cents > 0]
    less = [(claim_id, cents) for claim_id, cents in owed if cents < 0]
    if more and less:
        other, cents = world.draw.choice(less)
        parts = spread(-int(cents), [1, 1])
        with world.database.write() as session:
            settle.offset_within(
                session, world.draw.choice(more), other, parts[0], by=BY, now=world.now
            )


_ACTS: list[Callable[[World], None]] = [
    _redeem, _replay, _return, _void, _draw, _issue, _cancel, _dispute, _answer, _pay, _write_off,
    _offset,
]  # fmt: skip
_WEIGHTS = [6, 4, 4, 2, 4, 3, 1, 3, 3, 5, 1, 1]
