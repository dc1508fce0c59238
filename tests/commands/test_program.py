"""What a hint names for `larder`."""

import sys
from pathlib import Path

import pytest

from service.commands.program import program


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed `larder`, started with nothing on the path."""
    script = tmp_path / "bin" / "larder"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.setattr("sys.argv", [str(script)])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    return script


def test_an_installed_one_is_named_as_it_can_be_typed(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program() == str(script)
    monkeypatch.setenv("PATH", str(script.parent))
    assert program() == "larder"


def test_under_uv_it_is_uv_that_is_named(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setenv("UV", "/usr/local/bin/uv")
    assert program() == "uv run --no-dev larder"
    monkeypatch.setenv("UV", str(script.parent / "uv"))
    assert program() == str(script)


def test_a_module_is_named_with_its_interpreter(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [str(script.with_name("__main__.py"))])
    assert program() == f"{sys.executable} -m service"
