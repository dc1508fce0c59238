"""The till's look searches by index also where PostgreSQL knows nothing of its tables yet."""

import json
from typing import Any

import psycopg
import pytest

from service.store.session import Database
from service.store.till.async_gate import PLANNING
from service.store.till.postgresql import LOOK

pytestmark = pytest.mark.slow

LARGE = {"household", "identity", "shopping_list", "list_line"}
FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO shopping_list (id, code, household_id, state, valid_from, valid_to, document,
                                  written_at)
       SELECT i, 'c' || i, i, 'issued', '2026-03-02', '2026-03-15', '', now()
       FROM generate_series(1, 5000) i""",
    """INSERT INTO list_line (list_id, line, kind, offer_id, text, reason, face_value_cents, uses,
                              reserved_cents)
       SELECT i, l, 'offer', 1, 'as printed', '', 50, 1, 0
       FROM generate_series(1, 5000) i, generate_series(1, 4) l""",
    """INSERT INTO identity (kind, digest, household_id)
       SELECT 'card', md5(i::text), i FROM generate_series(1, 5000) i""",
)


def scanned(plan: Any) -> set[str]:
    """The tables a plan reads from end to end."""
    if isinstance(plan, list):
        return {name for part in plan for name in scanned(part)}
    if not isinstance(plan, dict):
        return set()
    below = {name for part in plan.values() for name in scanned(part)}
    whole = plan.get("Node Type") == "Seq Scan" or (
        "Index" in str(plan.get("Node Type"))
        and "Index Cond" not in plan
        and "Relation Name" in plan
    )
    return below | {plan["Relation Name"]} if whole else below


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("analysed", [False, True])
def test_no_large_table_is_read_whole(database: Database, analysed: bool) -> None:
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement.encode())
        if analysed:
            connection.execute("ANALYZE")
        for name, value in PLANNING.items():
            connection.execute(f"SET {name} = {value}".encode())
        (plan,) = connection.execute(
            f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {LOOK}".encode()
        ).fetchone()
    told = plan if isinstance(plan, list) else json.loads(plan)
    assert scanned(told) & LARGE == set()
