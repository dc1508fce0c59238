"""What tills do, on the wire's forms, for the tests of checkout."""

import json
from typing import Any

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, reference_of, return_of
from service.api.till.schemas import BasketIn, OfflineIn, ReturnIn, TransactionIn
from service.checkout import give_back, redeem, replay, void
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.till import body

TILL = Caller(1, Role.ADMIN, None, None)
BALANCES = """SELECT account, offer_id, sum(amount_cents) FROM ledger_entry
    GROUP BY account, offer_id HAVING sum(amount_cents) <> 0 ORDER BY account, offer_id"""


def sold(database: Database, settings: Settings, *args: Any, **kwargs: Any) -> dict[str, Any]:
    sent = basket_of(BasketIn.model_validate(body(*args, **kwargs)), TILL)
    answer: dict[str, Any] = json.loads(redeem(database, settings, sent))
    return answer


def voided(database: Database, number: int) -> dict[str, Any]:
    named = TransactionIn.model_validate(body(number)["transaction"])
    answer: dict[str, Any] = json.loads(void(database, reference_of(named), key_id=1))
    return answer


def returned(
    database: Database,
    settings: Settings,
    number: int,
    *,
    of: int,
    lines: list[tuple[int, float]],
) -> dict[str, Any]:
    original = body(of)["transaction"]
    del original["at"]
    sent = {
        "transaction": body(number)["transaction"],
        "original": original,
        "lines": [{"line": line, "quantity": quantity} for line, quantity in lines],
    }
    request = return_of(ReturnIn.model_validate(sent), TILL)
    answer: dict[str, Any] = json.loads(give_back(database, settings, request))
    return answer


def replayed(
    database: Database,
    settings: Settings,
    number: int,
    *,
    discounts: list[dict[str, Any]],
    **kwargs: Any,
) -> dict[str, Any]:
    sent = OfflineIn.model_validate({**body(number, **kwargs), "discounts": discounts})
    answer: dict[str, Any] = json.loads(replay(database, settings, offline_of(sent, TILL)))
    return answer


def off(code: str, list_line: int, cents: int, *, line: int = 1, units: int = 1) -> dict[str, Any]:
    return {
        "line": line,
        "list_code": code,
        "list_line": list_line,
        "units": units,
        "amount_cents": cents,
    }


def cents(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(int(v) if i == 2 else v for i, v in enumerate(row)) for row in rows]
