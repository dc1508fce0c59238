"""What is answered and logged when something breaks that nobody foresaw, in both applications."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from service.api import problems
from service.console.site import CONSOLE
from service.pages import failures
from service.settings import Settings
from tests.conftest import settings_of

SECRET = "key (phone)=(+16085550123)"


def _broken(install: Callable[[FastAPI], None], settings: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings = settings
    app.state.site = CONSOLE
    install(app)

    @app.get("/at-once")
    def at_once() -> None:
        raise ZeroDivisionError(SECRET)

    @app.get("/midway")
    def midway() -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield "begun"
            raise ZeroDivisionError(SECRET)

        return StreamingResponse(parts())

    return app


@pytest.mark.parametrize("install", [problems.install, failures.install])
def test_an_unexpected_error_is_answered_and_told_to_nobody(
    install: Callable[[FastAPI], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = _broken(install, settings_of("sqlite:///none.db", tmp_path))
    answer = TestClient(app, raise_server_exceptions=False).get("/at-once")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    with pytest.raises(RuntimeError, match="broke off"):
        TestClient(app).get("/midway")
    assert SECRET not in answer.text + caplog.text
    for path in ("/at-once", "/midway"):
        assert f"unexpected error at {path}: builtins.ZeroDivisionError" in caplog.text
