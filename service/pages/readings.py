"""Files that are being read or loaded in other processes, so that a page need not wait for them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWorking
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from service.deals import Preview, UploadReport, add_remarks, held, load_body, preview_deals
from service.deals.held import Held
from service.files.apart import Apart
from service.files.report import Progress
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database

LISTED = 1_000
"""So many deals of a file are described on its page."""

_PATIENCE_SECONDS = 2.0
_KEPT_SECONDS = 60.0
_MOST_KEPT = 64

T = TypeVar("T")


@dataclass(eq=False)
class Work(Generic[T]):
    """One act on a file: its result when it is there, and how far it is."""

    future: "Future[T]" = field(default_factory=Future)
    begun: float = field(default_factory=time.monotonic)
    ended: float | None = None
    stage: str = "waiting"
    done: int = 0
    total: int = 0

    def told(self, stage: str, done: int, total: int) -> None:
        """Note how far it is."""
        self.stage, self.done, self.total = stage, done, total

    def wait(self) -> T | None:
        """The result, or None when a reader should not be kept waiting for it any longer.

        Raises what the act raised.
        """
        try:
            return self.future.result(_PATIENCE_SECONDS)
        except StillWorking:
            if self.future.done():
                raise
            return None

    @property
    def seconds(self) -> int:
        """For how long it has been going on."""
        return int((self.ended or time.monotonic()) - self.begun)


class Readings:
    """The acts on files that this process has asked for, by file. Others may have their own."""

    def __init__(self, database: Database, settings: Settings, apart: Apart) -> None:
        self._database = database
        self._settings = settings
        self._apart = apart
        self._lock = threading.Lock()
        self._looks: dict[Held, Work[Preview]] = {}
        self._loads: dict[str, Work[UploadReport]] = {}

    def look(self, file: Held) -> Work[Preview]:
        """What loading a file would do: as it was found within the last minute, else found anew."""
        with self._lock:
            self._forget_old()
            return self._begin(
                self._looks, file, file,
                preview_deals, options=file.options(self._settings), listed=LISTED,
            )  # fmt: skip

    def load(self, file: Held, *, by: Actor, accept: str) -> Work[UploadReport]:
        """Load a file; while that is going on, asking again does nothing."""
        with self._lock:
            self._forget_old()
            earlier = self._loads.get(file.token)
            if earlier is not None and earlier.future.done():
                del self._loads[file.token]
            work = self._begin(
                self._loads, file.token, file, load_body, uploaded_by=by,
                options=file.options(self._settings), accept=accept,
                with_approval=self._settings.deal_approval,
            )  # fmt: skip
        work.future.add_done_callback(lambda future: self._settle(file, future))
        return work

    def loading(self, token: str) -> Work[UploadReport] | None:
        """The load of a file that was asked for here."""
        return self._loads.get(token)

    def known(self, settings: Settings, token: str) -> Work[Preview] | None:
        """The look at a file, as it is now, that was asked for here. Raises NotFound."""
        return self._looks.get(held.find(settings, token))

    def remarks(self, file: Held) -> bytes:
        """A file with a column of remarks, as XLSX. Raises what `add_remarks` does."""
        return self._apart.call(
            add_remarks, self._database, file.name, file.path,
            options=file.options(self._settings),
        )  # fmt: skip

    def forget(self, token: str) -> None:
        """Forget what is known of a file."""
        with self._lock:
            self._loads.pop(token, None)
            for file in [file for file in self._looks if file.token == token]:
                del self._looks[file]

    def _begin(
        self,
        works: dict[Any, Work[T]],
        key: object,
        file: Held,
        act: Callable[..., T],
        **kwargs: Any,
    ) -> Work[T]:
        known = works.get(key)
        if known is not None:
            return known
        work: Work[T] = Work()
        progress: Progress = work.told
        work.future = self._apart.submit(
            act, self._database, file.name, file.path, progress=progress, **kwargs
        )
        work.future.add_done_callback(lambda _: setattr(work, "ended", time.monotonic()))
        works[key] = work
        return work

    def _settle(self, file: Held, future: "Future[UploadReport]") -> None:
        """A file that is loaded waits no more."""
        if future.exception() is None:
            held.drop(self._settings, file.token)

    def _forget_old(self) -> None:
        now = time.monotonic()
        everything: tuple[dict[Any, Work[Any]], ...] = (self._looks, self._loads)
        for works in everything:
            ended = [(work.ended, key) for key, work in works.items() if work.ended is not None]
            ended.sort(key=lambda each: each[0])
            surplus = len(works) - _MOST_KEPT
            for place, (moment, key) in enumerate(ended):
                if now - moment > _KEPT_SECONDS or place < surplus:
                    del works[key]
