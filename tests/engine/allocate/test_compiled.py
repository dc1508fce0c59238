"""Machine code on disk: one process compiles a loop, and no old code outlives its source."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from service.engine.allocate import compiled
from service.engine.allocate.kernels import passes

HOLD = """
import sys
from service.engine.allocate.compiled import alone
with alone(sys.argv[1], "scan"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_loop_is_compiled_by_one_process_at_a_time(tmp_path: Path) -> None:
    entered = Event()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with compiled.alone(str(tmp_path), "relax"):
            pass  # another loop is nobody else's business
        waiting = Thread(target=enter, args=(str(tmp_path), entered), daemon=True)
        waiting.start()
        assert not entered.wait(0.2)
        other.stdin.close()
        assert entered.wait(10)
        waiting.join()


def enter(folder: str, entered: Event) -> None:
    """Say when the loop may be compiled."""
    with compiled.alone(folder, "scan"):
        entered.set()


def test_a_change_in_any_file_of_loops_makes_all_machine_code_old(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kernels").mkdir()
    inner = tmp_path / "kernels" / "scan.py"
    inner.write_text("a = 1")
    monkeypatch.setattr(compiled, "SOURCES", tmp_path)
    compiled.sources_digest.cache_clear()
    before = compiled.sources_digest()
    inner.write_text("a = 2")
    compiled.sources_digest.cache_clear()
    after = compiled.sources_digest()
    compiled.sources_digest.cache_clear()
    assert after != before


def test_machine_code_on_disk_carries_the_digest_of_all_files() -> None:
    stamp = passes.price_pass._cache._cache_file._source_stamp  # type: ignore[attr-defined]
    assert stamp == compiled.sources_digest()
