"""Tills that race: what they send, what they are answered, and what must hold afterwards.

Used by the race tests and by bench/races.py, always through the reference client.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx2

from service.till_client import TillClient
from tests.shop import SHOPPING_DAY
from tests.till import FULL, body

LIMITS = {1: 1, 2: 2, 3: 1}
"""How often each line of a list of the crowd may be used."""

Ask = Callable[[str], list[tuple[Any, ...]]]


class Counting(httpx2.BaseTransport):
    """Passes requests on and counts the statuses of their answers; 0 is no answer.

    `text` is the last answer, to the byte.
    """

    def __init__(self) -> None:
        self.inner = httpx2.HTTPTransport()
        self.statuses: Counter[int] = Counter()
        self.text = b""

    def close(self) -> None:
        self.inner.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            answer = self.inner.handle_request(request)
            self.text = answer.read()
        except httpx2.TransportError:
            self.statuses[0] += 1
            raise
        self.statuses[answer.status_code] += 1
        return answer


@dataclass(slots=True)
class Till:
    """One till: the reference client, and the statuses it met."""

    client: TillClient
    seen: Counting

    @classmethod
    def at(cls, address: str, key: str, *, queue: Path, timeout_seconds: float = 60.0) -> "Till":
        """A till that asks this address."""
        seen = Counting()
        client = TillClient(
            address, key, queue=queue, timeout_seconds=timeout_seconds, transport=seen
        )
        return cls(client, seen)


@dataclass(slots=True)
class TillAnswers:
    """The answers that tills got: every answer to each sale and to each void, by number."""

    sales: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    voids: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def sale(self, number: str, answer: dict[str, Any]) -> None:
        """Note the answer to a sale."""
        self.sales.setdefault(number, []).append(answer)

    def void(self, number: str, answer: dict[str, Any]) -> None:
        """Note the answer to a void."""
        self.voids.setdefault(number, []).append(answer)


def sale(number: str, code: str, *, on: date = SHOPPING_DAY) -> dict[str, Any]:
    """A basket that meets every line of the list."""
    return body(number, presented=[("list", code)], lines=FULL, day=on.isoformat())


def sold_offline(number: str, code: str, *, on: date = SHOPPING_DAY) -> dict[str, Any]:
    """A sale that gave line 1 of the list while nobody answered."""
    given = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
    return {**sale(number, code, on=on), "discounts": [given]}


def undo(number: str, *, on: date = SHOPPING_DAY) -> dict[str, Any]:
    """The void of a sale."""
    return {"transaction": sale(number, "", on=on)["transaction"]}


def uses(answers: Iterable[dict[str, Any]]) -> Counter[tuple[str, int]]:
    """How often each list line was given, over answers of different sales."""
    return Counter(
        (given["list_code"], given["list_line"])
        for answer in answers
        for given in answer["discounts"]
    )


def double_uses(
    ask: Ask, record: TillAnswers, *, owner: Callable[[str], object] = lambda code: code
) -> list[tuple[object, int]]:
    """List lines given more often than they may be, by what is stored or by what tills heard.

    The same line of all the lists of one `owner` is one line. What a till gave offline does not
    count where the books say at the end that it is in dispute, nor what goods came back for. Where
    the service had answered the same sale otherwise the whole difference is in dispute, and its
    answer counts.
    """
    stored = {
        str(number): (str(state), str(answer))
        for number, state, answer in ask("SELECT number, state, answer FROM redemption")
    }
    came_back = {
        str(number)
        for (number,) in ask(
            """SELECT s.number FROM redemption s JOIN till_return t ON t.redemption_id = s.id
               JOIN redemption n ON n.id = t.id AND n.state = 'returned' """
        )
    }
    disputed = {
        (str(number), str(code), int(line))
        for number, code, line in ask(
            """SELECT r.number, s.code, c.list_line FROM till_conflict c
               JOIN redemption r ON r.id = c.redemption_id
               JOIN shopping_list s ON s.id = c.list_id WHERE c.ended_at IS NULL"""
        )
    }
    answered = {
        str(number)
        for (number,) in ask(
            """SELECT r.number FROM till_conflict c JOIN redemption r ON r.id = c.redemption_id
               WHERE c.reason = 'other_answer' AND c.ended_at IS NULL"""
        )
    }
    counts = Counter(
        (owner(line[0]), line[1])
        for number, answers in record.sales.items()
        if stored.get(number, ("lost", ""))[0] != "voided" and number not in came_back
        for line in uses(
            [json.loads(stored[number][1])] if number in answered else answers[:1]
        ).elements()
        if (number, *line) not in disputed
    )
    heard = [line for line, count in counts.items() if count > LIMITS[line[1]]]
    kept = ask(
        """SELECT s.code, r.list_line FROM redemption_line r
           JOIN list_line l ON l.list_id = r.list_id AND l.line = r.list_line
           JOIN shopping_list s ON s.id = r.list_id
           WHERE r.live GROUP BY s.code, r.list_line, l.uses HAVING sum(r.uses) > l.uses
           UNION ALL
           SELECT min(s.code), min(r.list_line) FROM redemption_line r
           JOIN offer o ON o.id = r.deal_id JOIN shopping_list s ON s.id = r.list_id
           WHERE r.live GROUP BY r.household_id, r.deal_id, o.limit_per_household
           HAVING sum(r.uses) > o.limit_per_household"""
    )
    return sorted({*heard, *((owner(str(code)), int(line)) for code, line in kept)}, key=str)


def lost_answers(ask: Ask, record: TillAnswers) -> list[str]:
    """Sales and voids whose answers differ from one another or from what is stored."""
    stored = {
        str(number): (answer, void_answer)
        for number, answer, void_answer in ask("SELECT number, answer, void_answer FROM redemption")
    }
    lost = []
    for number, answers in record.sales.items():
        kept = stored.get(number)
        if kept is None or any(answer != json.loads(kept[0] or "null") for answer in answers):
            lost.append(number)
    for number, answers in record.voids.items():
        kept = stored.get(number)
        if kept is None or any(answer != json.loads(kept[1] or "null") for answer in answers):
            lost.append(f"void {number}")
    return lost


def faults(ask: Ask) -> dict[str, list[tuple[Any, ...]]]:
    """What never may be, by name; empty when the books are sound."""
    asked = {
        "postings that do not balance": """SELECT posting FROM ledger_entry
            GROUP BY posting HAVING sum(amount_cents) <> 0""",
        "reservations below zero": """SELECT offer_id FROM ledger_entry
            WHERE account = 'offer_reserved' GROUP BY offer_id HAVING sum(amount_cents) < 0""",
        "reservations that are not what open lists hold": """
            SELECT e.offer_id, e.cents, o.cents FROM
              (SELECT offer_id, sum(amount_cents) AS cents FROM ledger_entry
               WHERE account = 'offer_reserved' GROUP BY offer_id) e
            LEFT JOIN
              (SELECT l.offer_id, sum(l.reserved_cents * (l.uses - coalesce(u.used, 0))) AS cents
               FROM list_line l JOIN shopping_list s ON s.id = l.list_id AND s.state = 'issued'
               LEFT JOIN (SELECT list_id, list_line, sum(uses) AS used FROM redemption_line
                          WHERE live GROUP BY list_id, list_line) u
                 ON u.list_id = l.list_id AND u.list_line = l.line
               WHERE l.offer_id IS NOT NULL GROUP BY l.offer_id) o ON o.offer_id = e.offer_id
            WHERE e.cents <> coalesce(o.cents, 0)""",
        "sales without a basket, or others with one": """SELECT r.id FROM redemption r
            LEFT JOIN basket b ON b.id = r.basket_id
            WHERE (b.id IS NULL) <> (r.state IN ('voided', 'returned'))""",
        "live uses of voided sales": """SELECT l.id FROM redemption_line l
            JOIN redemption r ON r.id = l.redemption_id WHERE l.live AND r.state = 'voided'""",
        "baskets that are not what was paid": """SELECT r.id FROM redemption r
            JOIN basket_line b ON b.basket_id = r.basket_id
            WHERE NOT EXISTS (SELECT 1 FROM till_return t JOIN redemption n ON n.id = t.id
                              WHERE t.redemption_id = r.id AND n.state = 'returned')
              AND r.state <> 'voided'
            GROUP BY r.id, r.total_discount_cents
            HAVING sum(b.amount_cents) + r.total_discount_cents <> 970""",
    }
    found = {name: ask(sql) for name, sql in asked.items()}
    return {name: rows for name, rows in found.items() if rows}
