"""What is measured, what an id is good for, and that no code or phone is in a log or a metric."""

import json
import logging
import re
import shutil
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import generate_latest

from service import traces
from service.admin.keys import add_key
from service.admin.vitals import Vitals
from service.api.app import create_app
from service.api.metrics import MEANINGS
from service.commands.process import watched
from service.errors import Misconfigured
from service.jobs.scheduler import planned_jobs, run_slot
from service.logs import start_logging
from service.otel import Tracing
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.served import free_port
from tests.shop import H1, open_shop
from tests.till import FULL, body

_PARTS = ("count", "sum", "bucket")
DEPLOY = Path(__file__).parents[2] / "deploy"


def test_requests_are_measured_by_route_and_status_under_an_id(
    database: Database, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(database, settings, tmp_path)
    code = shop.lists[H1]
    key = add_key(database, settings, role=Role.ADMIN)[1]
    given = settings.model_copy(update={"access_log": True, "metrics_port": free_port()})
    app = create_app(database, given)
    own = {"Authorization": f"Bearer {key}", "X-Request-Id": "till-7.42"}
    with (
        caplog.at_level(logging.INFO, logger="larder.access"),
        TestClient(app, headers={"Authorization": own["Authorization"]}) as till,
    ):
        sent = body(1, presented=[("list", code)], lines=FULL)
        assert till.post("/v1/redemptions", json=sent).status_code == 200
        ids = {till.get(f"/v1/lists/{code}").headers["x-request-id"] for _ in range(3)}
        assert len(ids) == 3
        assert till.get("/v1/lists/1", headers=own).headers["x-request-id"] == "till-7.42"
        forged = till.get("/health/live", headers={"X-Request-Id": "a\tb<script>"})
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", forged.headers["x-request-id"])
        assert till.get(f"/{code}/made-up").headers["x-request-id"]
        url = f"http://127.0.0.1:{given.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=20) as answer:
            said = answer.read().decode()
    assert 'larder_request_seconds_count{status="200",verb="POST /v1/redemptions"} 1.0' in said
    # A code is no number of a list; the route is named all the same, and the code is not.
    assert 'larder_request_seconds_count{status="422",verb="GET /v1/lists/{list_id}"} 3.0' in said
    assert 'larder_request_seconds_count{status="404",verb="GET elsewhere"} 1.0' in said
    for line in ("larder_database_up 1.0", "larder_households_due 1.0", "larder_lists_open 2.0"):
        assert f"\n{line}\n" in said
    assert {f"larder_{name}" for name in MEANINGS} - {
        "larder_slot_seconds",
        "larder_forecast_days",
    } <= set(re.findall(r"^(larder_\w+) ", said, re.MULTILINE))
    assert code not in said + caplog.text
    assert "GET /v1/lists/{list_id} 422" in caplog.text


def test_a_problem_that_is_ours_has_the_id_and_metrics_say_that_the_database_is_away(
    settings: Settings, tmp_path: Path
) -> None:
    away = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'no' / 'where.db'}"})
    app = create_app(Database(away.database_url), away)
    answer = TestClient(app).get("/health/ready", headers={"X-Request-Id": "one"})
    assert (answer.status_code, answer.json()["request"]) == (503, "one")
    assert b"\nlarder_database_up 0.0\n" in generate_latest(app.state.metrics.registry)


def test_a_log_for_machines_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    root.handlers = []
    try:
        start_logging("json")
        logging.getLogger("larder.x").info("said %d", 2, extra={"fields": {"ms": 1.5}})
    finally:
        root.handlers, root.level = before
    line = json.loads(capsys.readouterr().err)
    assert line.pop("at").endswith("+00:00")
    assert line == {"level": "info", "logger": "larder.x", "message": "said 2", "ms": 1.5}


def test_every_number_has_a_meaning_and_rules_and_panels_name_what_is_measured(
    database: Database, settings: Settings
) -> None:
    assert set(MEANINGS) == set(Vitals.__dataclass_fields__)
    known = {f"larder_{name}" for name in MEANINGS}
    registry = create_app(database, settings).state.metrics.registry
    known |= set(re.findall(r"^# TYPE (\w+)", generate_latest(registry).decode(), re.MULTILINE))
    known |= {f"larder_request_seconds_{part}" for part in ("count", "bucket")}
    known |= {"larder_till_connections", "larder_till_connections_most"}
    known |= {f"larder_{name}_seconds_{part}" for name in ("job", "work") for part in _PARTS}
    known |= {"larder_next_lists_total", "larder_sftp_bytes_total"}
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "dashboard.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in panels for target in panel["targets"]]
    assert set(re.findall(r"larder_\w+", " ".join(asked))) <= known


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_no_fault_in_the_rules() -> None:
    checked = ["promtool", "check", "rules", str(DEPLOY / "alerts.yml")]
    assert subprocess.run(checked, capture_output=True, check=False).returncode == 0


def test_a_process_says_what_it_did_on_a_port_of_its_own(
    database: Database, settings: Settings
) -> None:
    given = settings.model_copy(update={"metrics_port": free_port()})
    job = next(job for job in planned_jobs(given) if job.name == "expiry")
    with watched(given, "schedule"):
        run_slot(database, given, job, datetime.now(UTC))
        url = f"http://127.0.0.1:{given.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=20) as answer:
            said = answer.read().decode()
        with pytest.raises(Misconfigured, match="LARDER_METRICS_PORT"), watched(given, "work"):
            pass
    assert re.search(r'larder_job_seconds_count{outcome="done",planned="expiry"} [1-9]', said)
    # What the database says `serve` is asked.
    assert "larder_database_up" not in said


def test_requests_are_traced_within_their_callers_and_name_no_code(
    database: Database, settings: Settings
) -> None:
    kept = InMemorySpanExporter()
    traces.use(Tracing(SimpleSpanProcessor(kept), "serve"))
    try:
        client = TestClient(create_app(database, settings), raise_server_exceptions=False)
        caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        client.get("/v1/lists/255952", headers={"traceparent": caller, "X-Request-Id": "till-7"})
        with pytest.raises(ValueError, match="255952"), traces.span("job expiry"):
            raise ValueError("255952")
    finally:
        traces.use(None)
    request, job = kept.get_finished_spans()
    assert request.name == "GET /v1/lists/{list_id}"
    assert dict(request.attributes or {}) == {
        "http.response.status_code": 401, "larder.request": "till-7"
    }  # fmt: skip
    assert format(request.context.trace_id, "032x") == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (job.name, job.status.status_code) == ("job expiry", StatusCode.ERROR)
    assert "255952" not in request.to_json() + job.to_json()


def test_without_a_collector_opentelemetry_is_not_imported() -> None:
    said = "import sys, service.api.app, service.jobs.worker; print('service.otel' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
