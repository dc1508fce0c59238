"""Schemathesis: what the OpenAPI document says is what every operation does.

Every operation on SQLite, the till's on PostgreSQL too, with the key of a role that may. How to run
it for longer stands in CONTRIBUTING.md.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings as hypothesis_settings
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.admin.keys import add_key
from service.api.app import create_app
from service.api.till import replays
from service.files.apart import Apart
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Batch, BatchState
from tests.api.test_roles import ALLOWED
from tests.served import PATIENCE_SECONDS
from tests.shop import H1, STORE, Shop, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

# That a store, a cycle or a sale is there, and a receipt's number new, no schema can say.
NOT_SAID = [positive_data_acceptance]
FILE = b"a page"

Headers = Callable[[str, str], dict[str, str]]


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    """A shop with issued lists, and a batch of one small file."""
    opened = open_shop(database, settings, tmp_path)
    entry = {"name": "a.pdf", "bytes": len(FILE), "sha256": hashlib.sha256(FILE).hexdigest()}
    batch = Batch(
        cycle_id=1,
        revision=1,
        name="batch",
        state=BatchState.READY,
        pieces=1,
        pages=1,
        manifest=json.dumps({"files": [entry]}),
    )
    with database.write() as session:
        batches.save(session, batch)
    (settings.output_folder / "batch").mkdir(parents=True)
    (settings.output_folder / "batch" / "a.pdf").write_bytes(FILE)
    return opened


@pytest.fixture
def described(
    database: Database,
    settings: Settings,
    shop: Shop,
    apart: Apart,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[BaseSchema]:
    """The document of the running application; on PostgreSQL the till's part of it."""
    # The border of 5,000 sales is tried at 20, which takes less than seconds.
    monkeypatch.setattr(replays, "MOST", 20)
    monkeypatch.setitem(replays.SALES, "maxItems", 20)
    # Who is throttled is tested where it is told apart; here it would hide every other answer.
    open_handed = settings.model_copy(update={"unknown_codes_per_minute": 10**6})
    app = create_app(database, open_handed, apart=apart)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.request_timeout = PATIENCE_SECONDS
    schema.config.generation.deterministic = True
    # A key is sent with every request; what happens without one is tests/api/test_roles.py.
    schema.config.generation.with_security_parameters = False
    yield schema if database.is_sqlite else schema.include(tag="till")
    asgi.shutdown_lifespans()


@pytest.fixture
def headers(database: Database, settings: Settings, shop: Shop) -> Headers:
    """Makes the headers for an operation: the key of the first role that may, admin last."""
    keys: dict[Role, str] = {}

    def make(method: str, path: str) -> dict[str, str]:
        allowed = ALLOWED.get((method, path), {Role.ADMIN})
        roles = sorted(allowed, key=lambda role: (role is Role.ADMIN, role))
        if not roles:
            return {}
        role = roles[0]
        if role not in keys:
            store = STORE if role is Role.POS else None
            supplier = "Dale Foods" if role is Role.SUPPLIER else None
            keys[role] = add_key(database, settings, role=role, store_id=store, supplier=supplier)[
                1
            ]
        return {"Authorization": f"Bearer {keys[role]}"}

    return make


LIMITS = hypothesis_settings(
    max_examples=10,
    derandomize=True,
    database=None,
)


def test_every_operation_does_what_the_document_says(
    described: BaseSchema, database: Database, headers: Headers
) -> None:
    tried: set[tuple[str, str]] = set()

    def check(case: schemathesis.Case) -> None:
        method, path = case.operation.method.upper(), case.operation.path
        tried.add((method, path))
        # Of a replay each sale is refused by itself, in an answer that is none.
        excluded = NOT_SAID + [negative_data_rejection] * path.endswith("/replays")
        case.call_and_validate(headers=headers(method, path), excluded_checks=excluded)

    def run(schema: BaseSchema, *, every_border: bool) -> None:
        schema.config.phases.coverage.enabled = every_border
        for each in get_all_tests(
            schema=schema, test_func=check, settings=LIMITS, given_kwargs=None
        ):
            each.ok()[1]()

    # The borders of a sale are tried as a redemption, once.
    run(described.exclude(path="/v1/replays"), every_border=database.is_sqlite)
    run(described.include(path="/v1/replays"), every_border=False)
    there = {
        (method.upper(), path)
        for path, methods in described.raw_schema["paths"].items()
        for method, operation in methods.items()
        if database.is_sqlite or "till" in operation["tags"]
    }
    assert tried == there


def test_what_is_there_is_answered_as_the_document_says(
    described: BaseSchema, headers: Headers, shop: Shop
) -> None:
    sale = body(1, presented=[("list", shop.lists[H1])], lines=FULL)
    transaction = sale["transaction"]
    original = {name: transaction[name] for name in transaction if name != "at"}
    late = {
        **body(2),
        "discounts": [{"line": 1, "list_code": "?", "list_line": 1, "amount_cents": 5}],
    }
    asked: list[tuple[str, str, int, dict[str, Any]]] = [
        ("POST", "/v1/quotes", 200, {"body": sale}),
        ("POST", "/v1/redemptions", 200, {"body": sale}),
        (
            "POST",
            "/v1/lists/lookup",
            200,
            {
                "body": {
                    "store": STORE,
                    "business_date": transaction["business_date"],
                    "presented": sale["presented"],
                }
            },
        ),
        (
            "POST",
            "/v1/returns",
            200,
            {
                "body": {
                    "transaction": body(11)["transaction"],
                    "original": original,
                    "lines": [{"line": 1, "quantity": 1}],
                }
            },
        ),
        ("POST", "/v1/voids", 200, {"body": {"transaction": transaction}}),
        ("POST", "/v1/replays", 200, {"body": [late], "media_type": "application/json"}),
    ]
    if "/v1/cycles/{cycle_id}" in described:
        asked += [
            ("GET", "/v1/cycles/{cycle_id}", 200, {"path_parameters": {"cycle_id": 1}}),
            ("GET", "/v1/lists/{list_id}", 200, {"path_parameters": {"list_id": 1}}),
            ("GET", "/v1/lists/{list_id}/pdf", 200, {"path_parameters": {"list_id": 1}}),
            (
                "GET",
                "/v1/households/{household_id}",
                200,
                {"path_parameters": {"household_id": H1}},
            ),
            ("GET", "/v1/batches/{batch_id}", 200, {"path_parameters": {"batch_id": 1}}),
        ]
    for method, path, status, sent in asked:
        case = described[path][method].Case(**sent)
        answer = case.call_and_validate(headers=headers(method, path), excluded_checks=NOT_SAID)
        assert answer.status_code == status, (path, answer.text)


def test_a_part_of_a_file_is_answered_as_the_document_says(
    described: BaseSchema, headers: Headers
) -> None:
    path = "/v1/batches/{batch_id}/files/{name}"
    if path not in described:
        return
    allowed = headers("GET", path)
    for asked, status in (
        ("bytes=1-3", 206),
        ("bytes=99-", 416),
        ("bytes=3-1", 400),
        ("lines=1-2", 400),
    ):
        case = described[path]["GET"].Case(path_parameters={"batch_id": 1, "name": "a.pdf"})
        answer = case.call_and_validate(
            headers={**allowed, "Range": asked}, excluded_checks=NOT_SAID
        )
        assert answer.status_code == status, asked
        assert status != 206 or answer.content == FILE[1:4]
