"""What a till may not learn, it does not learn: alike answers, from alike work.

Two things are alike when their documented reason is: codes that nobody was given, whatever they
look like, and whatever belongs to another household, in whatever state it is.
"""

import json
from typing import Any

import pytest

from service import checkout
from service.admin.keys import Caller, add_key
from service.api.app import create_app
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import Presented
from service.engine import codes
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import Guesses, Look, Seen, gate
from tests.api.direct import Ask, with_app
from tests.shop import CARDS, H1, H2, H3, PHONES, STORE, Shop, list_code
from tests.till import FULL, body

pytestmark = pytest.mark.slow

OTHER_CHAIN = codes.list_code(codes.gcn("406123400009"), "000000000002")
STATES = {
    "issued": "state = 'issued'",
    "expired": "state = 'expired', valid_to = '2026-03-03'",
    "over": "valid_to = '2026-03-03'",
    "voided": "state = 'voided'",
    "a draft": "state = 'draft'",
}
HELD = ("issued", "expired", "over", "voided")
"""What may have become of a list that a household holds."""


def become(database: Database, shop: Shop, change: str) -> None:
    """The list of H2 was issued, and then this became of it."""
    with database.write() as session:
        connection = session.connection()
        for each in (STATES["issued"] + ", valid_to = '2026-03-15'", change):
            connection.exec_driver_sql(
                f"UPDATE shopping_list SET {each} WHERE code = '{shop.lists[H2]}'"
            )


def unknown(shop: Shop) -> dict[str, list[tuple[str, str]]]:
    """What nobody was given, by what it looks like."""
    issued = shop.lists[H2]
    return {
        "a serial nobody has": [("list", list_code(999))],
        "the serial after an issued one": [("list", list_code(3))],
        "a code of another chain": [("list", OTHER_CHAIN)],
        "a wrong check digit": [
            ("list", issued[:15] + str((int(issued[15]) + 1) % 10) + issued[16:])
        ],
        "no code at all": [("list", "HELLO")],
    }


def foreign(shop: Shop) -> dict[str, list[tuple[str, str]]]:
    """What belongs to H2, shown after something of H1."""
    own = ("card", CARDS[H1])
    return {name: [own, ("list", shop.lists[H2])] for name in HELD}


def told(
    database: Database, settings: Settings, shown: dict[str, list[tuple[str, str]]], shop: Shop
) -> dict[str, dict[str, str]]:
    """The answers of each verb to each thing shown, without the ids that are drawn by lot."""
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    found: dict[str, dict[str, str]] = {"quotes": {}, "redemptions": {}, "lists/lookup": {}}

    async def ask_all(ask: Ask) -> None:
        for name, presented in shown.items():
            become(database, shop, STATES.get(name, STATES["issued"]))
            # A basket without products: what H1 has itself is refused the same each time.
            basket = body(name.replace(" ", "-"), presented=presented, lines=[])
            asked = {
                "quotes": basket,
                "redemptions": basket,
                "lists/lookup": {
                    "store": STORE,
                    "business_date": basket["transaction"]["business_date"],
                    "presented": basket["presented"],
                },
            }
            for verb, sent in asked.items():
                answer = await ask(f"/v1/{verb}", json.dumps(sent).encode(), headers)
                assert answer.status == 200
                mine: dict[str, Any] = json.loads(answer.body)
                mine.pop("redemption_id", None)
                found[verb][name] = json.dumps(mine)

    with_app(create_app(database, settings), ask_all)
    return found


def test_what_nobody_was_given_is_answered_alike(
    database: Database, settings: Settings, shop: Shop
) -> None:
    found = told(database, settings, unknown(shop), shop)
    for verb, answers in found.items():
        assert len(set(answers.values())) == 1, verb
    refused = json.loads(found["quotes"]["no code at all"])["refused"]
    assert refused == [
        {"list_code": None, "list_line": None, "presented": {"kind": "list", "place": 0},
         "offer": None, "reason": "unknown_code", "detail": "this list is not known"}
    ]  # fmt: skip


def test_a_list_that_was_never_issued_is_as_unknown_as_one_that_never_was(
    database: Database, settings: Settings, shop: Shop
) -> None:
    shown = {"a draft": [("list", shop.lists[H2])], "none": [("list", list_code(999))]}
    for answers in told(database, settings, shown, shop).values():
        assert answers["a draft"] == answers["none"]


def test_cards_and_phones_nobody_has_are_answered_alike(
    database: Database, settings: Settings, shop: Shop
) -> None:
    shown = {
        "like a card": [("card", CARDS[H1][:-1] + "8")],
        "no card": [("card", "?")],
        "a card's number as a phone": [("phone", CARDS[H1])],
        "like a phone": [("phone", "+1 502 555 0199")],
    }
    for verb, answers in told(database, settings, shown, shop).items():
        assert len({text.replace("card", "phone") for text in answers.values()}) == 1, verb


def test_of_another_household_nothing_is_told_but_that_it_is_another(
    database: Database, settings: Settings, shop: Shop
) -> None:
    found = told(database, settings, foreign(shop), shop)
    for verb, answers in found.items():
        assert len(set(answers.values())) == 1, verb
    own = ("card", CARDS[H1])
    shown = {
        "a card with a list": [own, ("card", CARDS[H2])],
        "a card without": [own, ("card", CARDS[H3])],
        "a phone": [own, ("phone", PHONES[H2])],
    }
    by_identity = told(database, settings, shown, shop)
    for verb, answers in by_identity.items():
        alike = {text.replace("card", "phone") for text in answers.values()}
        assert len(alike) == 1, verb
    reasons = [each["reason"] for each in json.loads(found["lists/lookup"]["over"])["refused"]]
    assert reasons == ["household_mismatch"]


def work(database: Database, settings: Settings, presented: list[tuple[str, str]]) -> list[Any]:
    """What a redemption asks, and how much it is given to read: the sources of its timing."""
    sent = BasketIn.model_validate(body("w", presented=presented, lines=FULL))
    steps = checkout.redeeming(settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))
    seen: list[Any] = []

    def watched() -> checkout.Steps:
        step = next(steps)
        assert isinstance(step, Look)
        given = yield step
        assert isinstance(given, Seen)
        seen.append((len(step.identities), len(given.households)))
        seen.append((len(given.lists), len(given.lines), len(given.products)))
        effect = steps.send(given)
        if isinstance(effect, Guesses):
            seen.append(len(effect.digests))
            effect = steps.send(True)
        seen.append([len(effect.uses), len(effect.refusals), len(effect.entries)])  # type: ignore[union-attr]
        return ""

    gate.run(database, watched(), write=False)
    return seen


def test_alike_answers_come_from_alike_work(
    database: Database, settings: Settings, shop: Shop
) -> None:
    nothing = [work(database, settings, shown) for shown in unknown(shop).values()]
    assert nothing == [[(0, 0), (0, 0, 0), 1, [0, 1, 0]]] * len(nothing)
    others = []
    for name, shown in foreign(shop).items():
        become(database, shop, STATES[name])
        others.append(work(database, settings, shown))
    assert others == [others[0]] * len(HELD)
    assert others[0][1] == (2, 6, 3)
    strange = {"card": "952123400000000093", "phone": "+1 502 555 0199"}
    for kind, known in (("card", CARDS[H3]), ("phone", PHONES[H3])):
        # A number is looked up in each form it may have been loaded in, whoever has it.
        assert work(database, settings, [(kind, known)]) == [(2, 1), (0, 0, 0), [0, 0, 0]]
        assert work(database, settings, [(kind, strange[kind])]) == [
            (2, 0),
            (0, 0, 0),
            1,
            [0, 1, 0],
        ]
    assert work(database, settings, [("card", "1")]) == [(1, 0), (0, 0, 0), 1, [0, 1, 0]]


def test_a_code_that_reads_wrong_is_not_shown_in_what_is_looked_up(settings: Settings) -> None:
    steps = checkout.looking_up(
        settings,
        store_id=STORE,
        on=BasketIn.model_validate(body(1)).transaction.business_date,
        presented=(Presented("list", "HELLO"),),
    )
    look = next(steps)
    assert isinstance(look, Look)
    assert (look.codes, look.identities) == ({}, {})
