"""What the races count is seen where it happens, and nowhere else."""

from typing import Any

from service.settings import Settings
from service.store import money
from service.store.session import Database
from service.store.tables import metadata
from tests.checkout.acts import replayed, sold
from tests.racing import TillAnswers, double_uses, faults, lost_answers
from tests.shop import H1, Shop
from tests.till import FULL


def test_a_use_given_twice_is_seen_unless_it_is_in_dispute(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code, record = shop.lists[H1], TillAnswers()
    basket: dict[str, Any] = {"presented": [("list", code)], "lines": FULL}
    given = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
    record.sale("1", sold(database, settings, 1, **basket))
    # The service answers that the line was used; the till does not hear it and honours its quote.
    answer = sold(database, settings, 2, **basket)
    assert [each["list_line"] for each in answer["discounts"]] == [2]
    record.sale("2", {**answer, "discounts": [given]})
    assert double_uses(read_only, record) == [(code, 1)]
    replayed(database, settings, 2, discounts=[given], **basket)
    assert double_uses(read_only, record) == []
    assert lost_answers(read_only, record) == ["2"]
    # Two lists of one owner have the line once.
    both = TillAnswers()
    both.sale("1", {"discounts": [given]})
    replayed(database, settings, 3, discounts=[], lines=FULL)
    both.sale("3", {"discounts": [{**given, "list_code": "another"}]})
    assert double_uses(read_only, both) == []
    assert double_uses(read_only, both, owner=lambda _: "the household") == [("the household", 1)]
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE redemption_line SET uses = 3 WHERE list_line = 2"
        )
    assert double_uses(read_only, both) == [(code, 2)]
    with database.write() as session, money.unguarded(session, metadata.tables["ledger_entry"]):
        session.connection().exec_driver_sql(
            "UPDATE ledger_entry SET amount_cents = amount_cents + 1 WHERE id = 1"
        )
    assert "postings that do not balance" in faults(read_only)
