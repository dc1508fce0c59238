"""How the service is run: a till's connection outlives the gap between two customers."""

import http.client
import select
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api import app
from service.api.connections import BoundedConfig, Bounds
from service.api.server import server_of
from service.console import app as console
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from tests.conftest import settings_of
from tests.served import PATIENCE_SECONDS

pytestmark = pytest.mark.slow


def test_an_idle_connection_is_kept_as_long_as_the_setting_says(
    migrated: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{migrated}"
    ages = []
    for seconds in (1, 3):
        settings = settings_of(url, tmp_path).model_copy(update={"keep_alive_seconds": seconds})
        with serve_on_loopback(Database(url), settings) as address:
            host, port = address.removeprefix("http://").split(":")
            connection = http.client.HTTPConnection(host, int(port))
            began = time.monotonic()
            connection.request("GET", "/health/live")
            assert connection.getresponse().read()
            # The socket becomes readable when the service closes it.
            assert select.select([connection.sock], [], [], PATIENCE_SECONDS)[0]
            ages.append(time.monotonic() - began)
            connection.close()
    # The server's own five seconds are neither.
    assert 1 <= ages[0] < 5
    assert ages[1] >= 3


def test_the_service_is_run_by_its_settings(migrated: Path, tmp_path: Path) -> None:
    settings: Settings = settings_of(f"sqlite:///{migrated}", tmp_path)
    built = app.create_app(Database(settings.database_url), settings)
    config = server_of(built, host="h", port=1).config
    assert isinstance(config, BoundedConfig)
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (75, 8)
    assert config.bounds == Bounds(connections=2000, head_bytes=32_768, slow_seconds=10)


def test_the_pages_for_people_are_served_beside_the_api(migrated: Path, tmp_path: Path) -> None:
    settings = settings_of(f"sqlite:///{migrated}", tmp_path)
    database = Database(settings.database_url)
    pages = {console.PATH: console.create_console(database, settings)}
    served = app.create_app(database, settings, pages=pages)
    with TestClient(served, follow_redirects=False) as client:
        assert client.get("/").headers["location"] == "/console/"
        led = client.get("/console/", headers={"Accept": "text/html"})
        assert (led.status_code, led.headers["location"]) == (
            303,
            "/console/log-in?to=%2Fconsole%2F",
        )
        assert "Content-Security-Policy" in client.get("/console/log-in").headers
        # Problems of the API stay documents, and its routes are those they were.
        assert client.get("/v1/deals").headers["content-type"] == "application/problem+json"
        paths = app.create_app(database, settings).openapi()["paths"]
        assert served.openapi()["paths"].keys() == paths.keys()
