"""Machine code on disk: one process compiles a loop, and no old code outlives its source."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from service.engine.allocate.kernels import passes
from service.engine.loops import compiled, products
from tests.served import PATIENCE_SECONDS

HOLD = """
import sys
from service.engine.loops.compiled import alone
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
        assert entered.wait(PATIENCE_SECONDS)
        waiting.join()


def enter(folder: str, entered: Event) -> None:
    """Say when the loop may be compiled."""
    with compiled.alone(folder, "scan"):
        entered.set()


def test_a_change_in_any_file_of_loops_makes_all_machine_code_old(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    inner = tmp_path / "kernels" / "scan.py"
    digests = set()
    for text in ("a = 1", "a = 2"):
        inner.write_text(text)
        compiled.sources_digest.cache_clear()
        digests.add(compiled.sources_digest(tmp_path))
    compiled.sources_digest.cache_clear()
    assert len(digests) == 2


def test_machine_code_on_disk_carries_the_digest_of_its_room_and_of_what_all_share() -> None:
    loops = compiled.LOOPS
    for loop, room in ((passes.price_pass, loops.parent / "allocate"), (products._add, loops)):
        stamp = loop._cache._cache_file._source_stamp  # type: ignore[union-attr]
        assert stamp == compiled.sources_digest(room)
