"""The queue of a till: nothing promised is lost, doubled or out of order, whenever it stops."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from service.till_client.disk import Disk
from service.till_client.queue import Act, Found, Queue, QueueInUseError
from tests.till import body
from tests.till_client.power import MemoryDisk, PowerCutError, StoppedDisk

FILE = Path("till/queue.ndjson")
ASIDE = Path("till/queue.ndjson.aside")
REFUSED = {"status": 422, "detail": "refused"}


@dataclass(slots=True)
class Promises:
    """What a till was told of its queue, and what was under way when it stopped."""

    kept: list[int] = field(default_factory=list)
    adding: list[int] = field(default_factory=list)
    leaving: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    asiding: set[int] = field(default_factory=set)

    def add(self, queue: Queue, number: int) -> None:
        self.adding = [number]
        queue.add("/v1/replays", body(number))
        self.kept.append(number)
        self.adding = []

    def remove(self, queue: Queue, done: set[int], *, aside: frozenset[int] = frozenset()) -> None:
        acts = {number_of(act): act for act in queue.acts()}
        self.leaving, self.asiding = done | aside, set(aside)
        queue.remove([acts[each] for each in done], aside=[(acts[each], REFUSED) for each in aside])
        self.kept = [each for each in self.kept if each not in self.leaving]
        self.refused |= aside
        self.leaving, self.asiding = set(), set()

    def check(self, waiting: list[int], aside: list[int]) -> None:
        """What was promised is there once and in order, and nothing that never was."""
        assert waiting == [each for each in [*self.kept, *self.adding] if each in waiting]
        assert set(self.kept) - self.leaving <= set(waiting)
        assert len(aside) == len(set(aside))
        assert self.refused <= set(aside) <= self.refused | self.asiding
        assert self.asiding <= set(waiting) | set(aside)


def number_of(act: Act) -> int:
    return int(act.body["transaction"]["number"])


def numbers(queue: Queue) -> list[int]:
    return [number_of(act) for act in queue.acts()]


def asides(disk: Disk, file: Path) -> list[int]:
    lines = [json.loads(line) for line in disk.read(file).split(b"\n")[:-1]]
    return [int(each["body"]["transaction"]["number"]) for each in lines if "body" in each]


def a_day(disk: Disk, file: Path, promises: Promises) -> None:
    """Two starts of a till; acts come and go, and some go aside."""
    with closing(Queue(file, disk=disk)) as queue:
        for number in (1, 2, 3):
            promises.add(queue, number)
        promises.remove(queue, {1})
        promises.add(queue, 4)
        promises.remove(queue, set(), aside=frozenset({2}))
    with closing(Queue(file, disk=disk)) as queue:
        promises.add(queue, 5)
        promises.remove(queue, {4}, aside=frozenset({3}))
        promises.add(queue, 6)
        promises.remove(queue, {5, 6})
        promises.add(queue, 7)


def test_a_power_cut_between_any_two_steps_loses_and_doubles_nothing() -> None:
    found = set()
    for steps in count():
        disk, promises = MemoryDisk(steps=steps), Promises()
        try:
            a_day(disk, FILE, promises)
        except PowerCutError:
            pass
        else:
            break
        for left in disk.after_power_cut():
            queue = Queue(FILE, disk=left)
            waiting = numbers(queue)
            promises.check(waiting, asides(left, ASIDE))
            found.add((bool(queue.found.torn), queue.found.set_aside))
            queue.add("/v1/voids", body(99))
            again = next(left.after_power_cut())
            assert numbers(Queue(FILE, disk=again)) == [*waiting, 99]
    assert steps > 60
    assert promises.kept == [7]
    assert found == {(False, 0), (True, 0), (False, 1)}


def test_a_power_cut_while_a_queue_recovers_loses_nothing_either() -> None:
    for steps in count():
        disk = MemoryDisk()
        queue = Queue(FILE, disk=disk)
        for number in (1, 2, 3):
            queue.add("/v1/replays", body(number))
        second = queue.acts()[1].line
        file = disk.names[FILE]
        file.content = file.content.replace(second, b"\0" + second[1:]) + b'{"torn'
        file.found = [file.content]
        (broken,) = disk.after_power_cut()
        broken._steps = steps
        try:
            assert Queue(FILE, disk=broken).found == Found(b'{"torn', 1)
        except PowerCutError:
            pass
        else:
            break
        for left in broken.after_power_cut():
            assert numbers(Queue(FILE, disk=left)) == [1, 3]
            (line,) = left.read(ASIDE).splitlines()
            assert json.loads(line)["unreadable"] == "\0" + second[1:].decode()
    assert steps > 8


def test_a_disk_that_fails_at_any_step_costs_only_what_it_refused() -> None:
    """The till goes on after the failure, and the power is cut after any act that follows."""
    for steps in range(40):
        disk, promises = MemoryDisk(steps=steps, fails=True), Promises()
        try:
            queue = Queue(FILE, disk=disk)
        except OSError:
            queue = Queue(FILE, disk=disk)
        refused: list[int] = []
        for number in range(1, 7):
            acts: list[Callable[[], None]] = [
                partial(promises.add, queue, number),
                partial(promises.remove, queue, set(promises.kept[:-1])),
            ]
            for act in acts:
                try:
                    act()
                except OSError:
                    # The till knows that this one is not kept, or not gone.
                    refused += promises.adding
                    promises.adding = []
                for left in disk.after_power_cut():
                    waiting = numbers(Queue(FILE, disk=left))
                    assert set(promises.kept) - promises.leaving <= set(waiting), steps
                    assert set(waiting) <= {*promises.kept, *promises.leaving, *refused}, steps
                    assert waiting == sorted(set(waiting)), steps
                promises.kept = numbers(queue)


def test_a_process_killed_between_any_two_steps_leaves_files_that_are_read_back(
    tmp_path: Path,
) -> None:
    for steps in count():
        file = tmp_path / str(steps) / "queue"
        file.parent.mkdir()
        disk, promises = StoppedDisk(steps), Promises()
        try:
            a_day(disk, file, promises)
        except PowerCutError:
            disk.kill()
        else:
            break
        with closing(Queue(file)) as queue:
            aside = asides(Disk(), queue.aside)
            promises.check(numbers(queue), aside)
    assert promises.kept == [7]


ENDLESS = """
import sys
from pathlib import Path
from service.till_client.queue import Queue
queue = Queue(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    queue.add("/v1/replays", {"transaction": {"number": number}})
    print(number, flush=True)
"""


def test_kill_9_keeps_what_was_promised_and_lets_the_next_process_in(tmp_path: Path) -> None:
    file = tmp_path / "queue"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(20)]
        with pytest.raises(QueueInUseError, match="belongs to one till"):
            Queue(file)
        process.kill()
        told += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    promised = [int(each) for each in told if each.endswith("\n")]
    with closing(Queue(file)) as queue:
        assert numbers(queue)[: len(promised)] == promised
        assert len(numbers(queue)) - len(promised) in (0, 1)


def some_lines() -> list[bytes]:
    queue = Queue(FILE, disk=MemoryDisk())
    for number in (1, 2, 3):
        queue.add("/v1/replays", {**body(number), "note": "Käse"})
    return [act.line for act in queue.acts()]


@pytest.mark.parametrize(
    "torn", [b"{", b'{"path": "\xc3', bytes(512), b'{"path": ' + bytes(512), "all but its end"]
)
def test_a_torn_end_is_cut_off_and_reported(tmp_path: Path, torn: Any) -> None:
    first, second, third = some_lines()
    torn = third[:-1] if isinstance(torn, str) else torn
    file = tmp_path / "queue"
    file.write_bytes(first + second + torn)
    with closing(Queue(file)) as queue:
        assert queue.found == Found(torn, 0)
        assert numbers(queue) == [1, 2]
        assert file.read_bytes() == first + second
        queue.add("/v1/voids", body(4))
    with closing(Queue(file)) as queue:
        assert queue.found == Found()
        assert numbers(queue) == [1, 2, 4]


def damages(line: bytes) -> list[bytes]:
    return [
        line.replace(b"120", b"920"),
        line.replace(b"replays", b"replayz"),
        b"\xff" + line[1:],
        bytes(len(line) - 1) + b"\n",
        line[: len(line) // 2] + line,
        b"[]\n",
        b'"path"\n',
        b'{"path": 1, "body": {}}\n',
        b"[" * 100_000 + b"\n",
    ]


def test_a_damaged_line_goes_aside_and_holds_nothing_up(tmp_path: Path) -> None:
    first, second, third = some_lines()
    file = tmp_path / "queue"
    for damaged in damages(second):
        file.write_bytes(first + damaged + third)
        with closing(Queue(file)) as queue:
            assert queue.found == Found(b"", 1)
            assert numbers(queue) == [1, 3]
        assert file.read_bytes() == first + third
    lines = (tmp_path / "queue.aside").read_bytes().splitlines()
    kept = [json.loads(line)["unreadable"] for line in lines]
    assert kept == [each.decode("ascii", "backslashreplace") for each in damages(second)]


def test_lines_without_a_checksum_are_read(tmp_path: Path) -> None:
    file = tmp_path / "queue"
    file.write_text(json.dumps({"path": "/v1/replays", "body": body(1)}) + "\n")
    with closing(Queue(file)) as queue:
        assert (queue.found, numbers(queue)) == (Found(), [1])


def test_a_queue_is_open_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "queue"
    with closing(Queue(file)) as queue:
        queue.add("/v1/voids", body(1))
        with pytest.raises(QueueInUseError, match=str(file)):
            Queue(file)
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="closed"):
        queue.add("/v1/voids", body(2))
    with closing(Queue(file)) as queue:
        assert numbers(queue) == [1]


def test_an_act_is_kept_as_it_was_however_its_body_changes(tmp_path: Path) -> None:
    with closing(Queue(tmp_path / "queue")) as queue:
        sent = body(1)
        queue.add("/v1/replays", sent)
        sent["transaction"]["number"] = "2"
        assert numbers(queue) == [1]
        with pytest.raises(ValueError, match="JSON"):
            queue.add("/v1/replays", {"amount_cents": float("nan")})
        assert len(queue.acts()) == 1


def test_what_speaks_of_a_transaction_is_found(tmp_path: Path) -> None:
    with closing(Queue(tmp_path / "queue")) as queue:
        queue.add("/v1/replays", body(1))
        queue.add("/v1/returns", {**body(2), "original": body(1)["transaction"]})
        queue.add("/v1/voids", {"transaction": {**body(3)["transaction"], "terminal": 1}})
        assert [number_of(act) for act in queue.about(body(1))] == [1, 2]
        assert [number_of(act) for act in queue.about(body(2))] == [2]
        assert [number_of(act) for act in queue.about(body(3))] == [3]
        assert queue.about(body(4)) == []
