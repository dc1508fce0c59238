"""A batch that nobody picked up can be undone whole; once it is out, it stays good."""

from collections.abc import Callable
from typing import Any

import pytest

from service.errors import Conflict, NotFound
from service.publish import confirm_receipt, fetch, reconcile, void_batch
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.checkout.test_races import at_once, sell
from tests.mail import NAME, print_batch
from tests.market import query
from tests.shop import list_code

Ask = Callable[[str], list[tuple[Any, ...]]]

CODE = list_code(1)
# Two lists hold 108 for milk and 2 x 25 for bread each.
HELD = 2 * (108 + 50)


def reserved(database: Database) -> int:
    ((cents,),) = query(
        database,
        "SELECT coalesce(sum(amount_cents), 0) FROM ledger_entry WHERE account = 'offer_reserved'",
    )
    return int(cents)


def unbalanced(database: Database) -> list[tuple[Any, ...]]:
    return query(
        database, "SELECT posting FROM ledger_entry GROUP BY posting HAVING sum(amount_cents) <> 0"
    )


def test_codes_die_and_reservations_return(database: Database, published: Settings) -> None:
    assert reserved(database) == HELD
    report = void_batch(database, published, 1)
    assert (report.lists, report.released_cents) == (5, HELD)
    assert (reserved(database), unbalanced(database)) == (0, [])
    answer = sell(database, published, 1, CODE)
    assert {refused["reason"] for refused in answer["refused"]} == {"voided"}
    assert answer["total_discount_cents"] == 0
    assert not (published.output_folder / f"{NAME}_v1").exists()
    # Who got no letter keeps the list that the till knows by card.
    assert query(
        database,
        """SELECT h.ref, l.state FROM shopping_list l JOIN household h ON h.id = l.household_id
           WHERE h.ref IN ('H1', 'P6', 'P7') ORDER BY h.ref""",
    ) == [("H1", "voided"), ("P6", "issued"), ("P7", "issued")]


def test_voiding_again_gives_the_same_answer_and_moves_nothing(
    database: Database, published: Settings
) -> None:
    first = void_batch(database, published, 1, by=Actor("key 7"))
    entries = query(database, "SELECT count(*) FROM ledger_entry")
    assert void_batch(database, published, 1, by=Actor("key 8")) == first
    assert query(database, "SELECT count(*) FROM ledger_entry") == entries
    acts = "SELECT actor, act, subject_id FROM audit_event WHERE subject = 'batch'"
    assert query(database, acts) == [("key 7", "void", "1")]
    with pytest.raises(Conflict, match="was voided; its lists stay void"):
        print_batch(database, published)
    assert reconcile(database, 1).voided == 5


def test_what_was_used_before_stays_used(database: Database, published: Settings) -> None:
    sell(database, published, 1, CODE)
    report = void_batch(database, published, 1)
    # Milk and one of two breads were used: 108 and 25 are no longer held by this list.
    assert report.released_cents == HELD - reserved_by(database)
    assert (reserved(database), unbalanced(database)) == (0, [])


def reserved_by(database: Database) -> int:
    ((cents,),) = query(database, "SELECT sum(reserved_cents) FROM redemption_line WHERE live")
    return int(cents)


def test_after_the_pickup_it_is_refused(database: Database, published: Settings) -> None:
    fetch(database, published, 1, f"{NAME}_1of3_v1.pdf", for_print=True)
    with pytest.raises(Conflict, match="was picked up on"):
        void_batch(database, published, 1)
    assert reserved(database) == HELD
    assert sell(database, published, 1, CODE)["total_discount_cents"] > 0


def test_reading_the_manifest_or_looking_at_a_proof_is_no_pickup(
    database: Database, published: Settings
) -> None:
    fetch(database, published, 1, "manifest.json", for_print=True)
    fetch(database, published, 1, f"{NAME}_1of3_v1.pdf", for_print=False)
    assert void_batch(database, published, 1).lists == 5


def test_a_voided_batch_can_neither_be_fetched_nor_received(
    database: Database, published: Settings
) -> None:
    void_batch(database, published, 1)
    with pytest.raises(NotFound):
        fetch(database, published, 1, "manifest.json", for_print=False)
    with pytest.raises(Conflict, match="cannot be picked up: it is"):
        confirm_receipt(database, 1)
    with pytest.raises(NotFound):
        void_batch(database, published, 7)


def test_void_and_pickup_at_once_have_one_winner(
    database: Database, published: Settings, database_url: str
) -> None:
    """Whichever comes first; then the codes are dead exactly when nobody has the file."""
    opened = [Database(database_url, pool_size=2) for _ in range(4)]
    name = f"{NAME}_1of3_v1.pdf"
    outcomes = at_once(
        [
            lambda: void_batch(opened[0], published, 1),
            lambda: fetch(opened[1], published, 1, name, for_print=True),
            lambda: void_batch(opened[2], published, 1),
            lambda: fetch(opened[3], published, 1, name, for_print=True),
        ]
    )
    for each in opened:
        each.dispose()
    failed = [isinstance(outcome, Exception) for outcome in outcomes]
    assert failed in ([False, True, False, True], [True, False, True, False])
    voided = not failed[0]
    assert reserved(database) == (0 if voided else HELD)
    assert unbalanced(database) == []


def test_void_and_redeem_at_once_leave_nothing_held_and_nothing_lost(
    database: Database, published: Settings, database_url: str
) -> None:
    opened = [Database(database_url, pool_size=2) for _ in range(4)]
    outcomes = at_once(
        [
            lambda: sell(opened[0], published, 1, CODE),
            lambda: void_batch(opened[1], published, 1),
            lambda: sell(opened[2], published, 2, list_code(2)),
            lambda: sell(opened[3], published, 3, CODE),
        ]
    )
    for each in opened:
        each.dispose()
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert (reserved(database), unbalanced(database)) == (0, [])
    # Nothing was given on a dead code: every use there is was made before the void.
    used = query(database, "SELECT count(*) FROM redemption_line WHERE live")[0][0]
    given = sum(len(outcomes[n]["discounts"]) for n in (0, 2, 3))
    assert (used == 0) == (given == 0)
    later = sell(database, published, 4, CODE)
    assert {refused["reason"] for refused in later["refused"]} == {"voided"}
