"""All that is stored of one household, table by table, as it is handed to whom it is about."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from service.store import history

_FETCH_ROWS = 5_000


class ExportedTable(NamedTuple):
    """A table of an export: its name, its columns, and its rows, read as they are asked for."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]


_OWN = "s.household_id = :household"
# Nothing here shows what is others': other households, what deals cost suppliers, who of the
# retailer's people looked after what. Digests say nothing to anybody, so only their kinds are here.
_TABLES = {
    "contact": """SELECT name, street, extra, postcode, city, region, country, email, mail_consent,
        consent_at, consent_source, undeliverable_at
        FROM contact WHERE household_id = :household""",
    "identities": """SELECT kind, count(*) AS known FROM identity WHERE household_id = :household
        GROUP BY kind ORDER BY kind""",
    "consents": """SELECT purpose, granted, channel, wording, wording_version, said_at, recorded_at,
        place FROM consent WHERE household_id = :household ORDER BY id""",
    "wishes": """SELECT i.name AS item, w.brand, o.deal_ref, w.act, w.until, w.said_at, w.channel
        FROM wish w LEFT JOIN item i ON i.id = w.item_id LEFT JOIN offer o ON o.id = w.deal_id
        WHERE w.household_id = :household ORDER BY w.id""",
    "answers": """SELECT question, words, amount_cents, said_at, channel FROM household_answer
        WHERE household_id = :household ORDER BY id""",
    "own_items": """SELECT text, ticked, gone, said_at FROM pocket_item
        WHERE household_id = :household ORDER BY said_at, id""",
    "words": f"""SELECT m.list_id AS list, m.line, m.kind, m.text, m.said_at FROM pocket_word m
        JOIN shopping_list s ON s.id = m.list_id WHERE {_OWN} ORDER BY m.list_id, m.line, m.kind""",
    "page_visits": """SELECT opened_at, seen_at, known_at FROM pocket_session
        WHERE household_id = :household ORDER BY opened_at""",
    "messages": """SELECT purpose, way, state, made_at, ended_at, problem FROM message
        WHERE household_id = :household ORDER BY id""",
    "log_ins": """SELECT asked_at, used_at FROM pocket_log_in
        WHERE household_id = :household ORDER BY asked_at""",
    "baskets": """SELECT store_id, terminal, number, business_date, purchased_at
        FROM basket WHERE household_id = :household ORDER BY purchased_at, id""",
    "basket_lines": """SELECT b.store_id, b.terminal, b.number, b.business_date, l.line, l.gtin,
        p.description, l.code, l.quantity_milli, l.unit, l.amount_cents
        FROM basket b JOIN {lines} l ON l.basket_id = b.id
        LEFT JOIN product p ON p.gtin = l.gtin
        WHERE b.household_id = :household ORDER BY b.purchased_at, b.id, l.line""",
    "lists": f"""SELECT s.id AS list, s.state, s.valid_from, s.valid_to, s.written_at
        FROM shopping_list s WHERE {_OWN} ORDER BY s.id""",
    "list_lines": f"""SELECT l.list_id AS list, l.line, l.kind, l.text, l.reason,
        l.face_value_cents, l.uses, l.p_purchase, l.cell
        FROM list_line l JOIN shopping_list s ON s.id = l.list_id WHERE {_OWN}
        ORDER BY l.list_id, l.line""",
    "sales": """SELECT store_id, terminal, number, business_date, state, total_discount_cents,
        redeemed_at FROM redemption WHERE household_id = :household ORDER BY redeemed_at, id""",
    "uses": f"""SELECT r.store_id, r.terminal, r.number, r.business_date, u.list_id AS list,
        u.list_line AS line, u.uses, u.live, u.amount_cents
        FROM redemption_line u JOIN redemption r ON r.id = u.redemption_id
        JOIN shopping_list s ON s.id = u.list_id WHERE {_OWN} ORDER BY u.id""",
    "refusals": """SELECT r.store_id, r.terminal, r.number, r.business_date, f.list_line AS line,
        f.reason, f.detail FROM refusal f JOIN redemption r ON r.id = f.redemption_id
        WHERE r.household_id = :household ORDER BY f.id""",
    "questions": """SELECT text, reason, state, asked_at, answered_at, answer FROM household_case
        WHERE household_id = :household ORDER BY id""",
    "goodwill": """SELECT asked_at, state, amount_cents, reason, note FROM goodwill
        WHERE household_id = :household ORDER BY id""",
    "openings": """SELECT opened_at, reason, note FROM household_opening
        WHERE household_id = :household ORDER BY id""",
    "cycles": """SELECT c.as_of, h.arm, h.tier, h.worth_decile, h.basket_year_cents,
        h.year_baskets FROM cycle_household h
        JOIN cycle c ON c.id = h.cycle_id WHERE h.household_id = :household ORDER BY c.as_of""",
    "left_out": """SELECT c.as_of, o.reason, o.detail FROM cycle_left_out o
        JOIN cycle c ON c.id = o.cycle_id WHERE o.household_id = :household ORDER BY c.as_of""",
    "letters": f"""SELECT m.piece_id, m.state, m.state_at FROM mail_piece m
        JOIN shopping_list s ON s.id = m.list_id WHERE {_OWN} ORDER BY m.batch_id, m.seq""",
    "overrides": """SELECT o.act, f.deal_ref, o.reason, o.made_at, o.ended_at FROM deal_override o
        JOIN offer f ON f.id = o.deal_id WHERE o.household_id = :household ORDER BY o.id""",
}
EXPORTED = (*_TABLES,)
"""The tables of an export, in their order."""


def tables(session: Session, household_id: int) -> Iterator[ExportedTable]:
    """Each table in turn; its rows must be read before the next one is asked for."""
    for name, query in _TABLES.items():
        if name == "basket_lines":
            query = query.format(lines=history.of_household(session, household_id))
        result = session.execute(text(query), {"household": household_id})
        rows = (tuple(row) for part in result.partitions(_FETCH_ROWS) for row in part)
        yield ExportedTable(name, (*result.keys(),), rows)
