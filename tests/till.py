"""Till bodies for tests."""

from typing import Any

from tests.shop import BREAD, MILK, SHOPPING_DAY, SOAP, STORE


def body(
    number: str | int,
    *,
    presented: list[tuple[str, str]] | None = None,
    lines: list[tuple[str, int, int]] | None = None,
    store: str = STORE,
    day: str = SHOPPING_DAY.isoformat(),
) -> dict[str, Any]:
    """A basket on the wire; `lines` are (gtin, pieces, cents), one milk at 120 by default."""
    bought = [(MILK, 1, 120)] if lines is None else lines
    return {
        "transaction": {
            "store": store,
            "terminal": "1",
            "business_date": day,
            "number": str(number),
            "at": f"{day}T17:04:12+00:00",
        },
        "presented": [{"kind": kind, "value": value} for kind, value in presented or []],
        "lines": [
            {"line": line, "gtin": gtin, "quantity": pieces, "unit": "each", "amount_cents": cents}
            for line, (gtin, pieces, cents) in enumerate(bought, start=1)
        ],
    }


FULL = [(MILK, 1, 120), (BREAD, 1, 250), (SOAP, 2, 600)]
