"""SQL that counts what deals and cycles came to: the one place where a sum is defined.

What is kept, what came after it, and what is counted again are the same statements over other rows.
"""

from service.engine.ledger import Account

DEAL = "coalesce(o.deal_id, o.id)"
"""The deal of an `offer o`: its first revision."""

MONEY = f"e.account IN ('{Account.RESERVED}', '{Account.SPENT}')"
"""A `ledger_entry e` that moves a deal's budget."""

RESERVED = f"CASE WHEN e.account = '{Account.RESERVED}' THEN e.amount_cents ELSE 0 END"
SPENT = f"CASE WHEN e.account = '{Account.SPENT}' THEN e.amount_cents ELSE 0 END"

EXPECTED_CENTS = "1.0 * l.reserved_cents * coalesce(l.expected_uses, l.uses)"
"""What was expected of all uses of a `list_line l`; without an expectation all are made."""

_OPEN = "CASE WHEN s.state = 'issued' THEN {value} ELSE 0 END"
_OPEN_USE = _OPEN.format(value="r.uses")
_OPEN_EXPECTED = _OPEN.format(value=f"{EXPECTED_CENTS} * r.uses / l.uses")

_USES = """FROM redemption_line r JOIN offer o ON o.id = r.offer_id
    JOIN list_line l ON l.list_id = r.list_id AND l.line = r.list_line
    JOIN shopping_list s ON s.id = r.list_id
    JOIN redemption t ON t.id = r.redemption_id
    WHERE r.live AND {uses}"""
_ENTRIES = f"""FROM ledger_entry e JOIN offer o ON o.id = e.offer_id
    WHERE {MONEY} AND {{entries}}"""

COPY_SUMS = ("copies", "open_uses", "open_expected_cents")
TOTAL_SUMS = (
    "uses", "discount_cents", "open_uses", "open_expected_cents", "reserved_cents", "spent_cents",
)  # fmt: skip
PART_SUMS = ("uses", "discount_cents", "spent_cents")
DAY_SUMS = ("uses", "discount_cents", "supplier_cents")

NONE = "1 = 0"
"""A condition that no row fulfils."""


def copies(where: str) -> str:
    """SQL: deal_id, cell and `COPY_SUMS` of the lines `l` of lists `s`, of offers `o`."""
    return f"""SELECT {DEAL} AS deal_id, coalesce(l.cell, '') AS cell, count(*) AS copies,
            sum({_OPEN.format(value="l.uses")}) AS open_uses,
            sum({_OPEN.format(value=EXPECTED_CENTS)}) AS open_expected_cents
        FROM shopping_list s JOIN list_line l ON l.list_id = s.id JOIN offer o ON o.id = l.offer_id
        WHERE s.state IN ('issued', 'expired') AND {where}
        GROUP BY {DEAL}, coalesce(l.cell, '')"""


def totals(*, uses: str = NONE, entries: str = NONE) -> str:
    """SQL: deal_id and `TOTAL_SUMS`, of redemption lines `r` and ledger entries `e`."""
    return f"""SELECT deal_id, {_sums(TOTAL_SUMS)} FROM (
            SELECT {DEAL} AS deal_id, r.uses, r.amount_cents AS discount_cents,
                   {_OPEN_USE} AS open_uses, {_OPEN_EXPECTED} AS open_expected_cents,
                   0 AS reserved_cents, 0 AS spent_cents {_USES.format(uses=uses)}
            UNION ALL
            SELECT {DEAL}, 0, 0, 0, 0.0, {RESERVED}, {SPENT} {_ENTRIES.format(entries=entries)}
        ) AS counted GROUP BY deal_id"""


def parts(*, uses: str = NONE, entries: str = NONE) -> str:
    """SQL: deal_id, part, name and `PART_SUMS`, of the same rows as `totals`."""
    return f"""SELECT deal_id, part, name, {_sums(PART_SUMS)} FROM (
            SELECT deal_id, p.part,
                   CASE p.part WHEN 'cell' THEN cell WHEN 'store' THEN store_id ELSE day END
                       AS name, uses, discount_cents, 0 AS spent_cents
            FROM (SELECT {DEAL} AS deal_id, coalesce(l.cell, '') AS cell, t.store_id,
                         CAST(t.business_date AS text) AS day, r.uses,
                         r.amount_cents AS discount_cents {_USES.format(uses=uses)}) AS used
            CROSS JOIN (SELECT 'cell' AS part UNION ALL SELECT 'store' UNION ALL SELECT 'day') AS p
            UNION ALL
            SELECT deal_id, p.part, CASE p.part WHEN 'store' THEN store_id ELSE day END, 0, 0, cents
            FROM (SELECT {DEAL} AS deal_id, e.store_id, CAST(e.business_date AS text) AS day,
                         {SPENT} AS cents {_ENTRIES.format(entries=entries)}) AS paid
            CROSS JOIN (SELECT 'store' AS part UNION ALL SELECT 'day') AS p
            WHERE cents <> 0 AND store_id IS NOT NULL AND day IS NOT NULL
        ) AS counted GROUP BY deal_id, part, name"""


def cycle_days(uses: str) -> str:
    """SQL: cycle_id, day and `DAY_SUMS`, of redemption lines `r` of lists `s`."""
    return f"""SELECT cycle_id, day, {_sums(DAY_SUMS)} FROM (
            SELECT s.cycle_id, t.business_date AS day, r.uses, r.amount_cents AS discount_cents,
                   r.supplier_cents
            FROM redemption_line r JOIN shopping_list s ON s.id = r.list_id
            JOIN redemption t ON t.id = r.redemption_id
            WHERE r.live AND s.cycle_id IS NOT NULL AND {uses}
        ) AS counted GROUP BY cycle_id, day"""


def _sums(names: tuple[str, ...]) -> str:
    return ", ".join(f"sum({name}) AS {name}" for name in names)
