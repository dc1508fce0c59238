"""Commands as they are typed, in a folder of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.__main__ import main
from service.settings import Settings
from tests.conftest import CODE, SECRET


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


Larder = Callable[..., Ended]


@pytest.fixture
def larder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Larder:
    """Type `larder ...` in a folder without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LARDER_{name.upper()}", raising=False)

    def typed(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["larder", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, written.out, written.err)

    return typed


@pytest.fixture
def configured(larder: Larder, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Larder:
    """Type `larder ...` with settings and a migrated database, on each kind."""
    monkeypatch.setenv("LARDER_DATABASE_URL", database_url)
    monkeypatch.setenv("LARDER_SECRET_KEY", SECRET)
    monkeypatch.setenv("LARDER_CODE_KEY", CODE)
    monkeypatch.setenv("LARDER_MAIL_LEAD_DAYS", "0")
    return larder
