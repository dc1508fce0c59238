"""Who presents many things that nobody was given is guessing, and has to wait.

Guesses are counted in the database, so that the limits hold over tills, processes and whatever
happens at once: the till's one look says whether its key or its store has to wait, and what turns
out to be unknown is written, once in ten minutes for each till and value.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TypeAlias

from service.checkout.sales import TillBasket
from service.digests import guess_digest
from service.errors import Throttled
from service.settings import Settings
from service.store import guesses
from service.store.session import Database
from service.store.tables.guess import GuessKind
from service.store.tables.types import epoch_micros
from service.store.till import (
    NOBODY,
    GuessBy,
    Guesses,
    GuessLimits,
    Reference,
    Seen,
    Watch,
)

WINDOW = timedelta(minutes=1)
"""What the limits count."""

AGAIN = timedelta(minutes=10)
"""How long a value that a till presented again is the same guess."""

_STORE_TIMES = 5

_Counting: TypeAlias = Generator[Guesses, Seen | bool | None, None]


def now() -> datetime:
    """The moment guesses are counted at; the clocks of several machines should agree."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """The guesses of one request: whose they are, as of one moment."""

    settings: Settings
    kind: GuessKind
    key_id: int | None
    reference: Reference
    now: datetime

    @classmethod
    def of_basket(
        cls, settings: Settings, basket: TillBasket, *, kind: GuessKind = GuessKind.UNKNOWN
    ) -> "Tally":
        """Of a basket; nobody's when nothing is presented with it."""
        return cls.of_lookup(
            settings,
            basket.reference,
            key_id=basket.key_id if basket.presented else None,
            kind=kind,
        )

    @classmethod
    def of_lookup(
        cls,
        settings: Settings,
        reference: Reference,
        *,
        key_id: int | None,
        kind: GuessKind = GuessKind.UNKNOWN,
    ) -> "Tally":
        """Of whoever presents something with this key; nobody's without one."""
        return cls(settings, kind, key_id, reference, now())

    @property
    def watch(self) -> Watch:
        """What the look has to count."""
        if self.key_id is None:
            return NOBODY
        most = self.settings.unknown_codes_per_minute
        return Watch(
            str(self.kind),
            self.key_id,
            self.reference.store_id,
            self.now - WINDOW,
            self.now + WINDOW,
            most - 1,
            most * _STORE_TIMES - 1,
        )

    def require_patience(self, seen: Seen) -> None:
        """Raises Throttled when this key or its store has to wait."""
        if seen.full_since_micros is not None:
            raise self.throttled(seen)

    def charge(self, unknown: Iterable[str]) -> _Counting:
        """The step that counts what was presented and is not known; none when all of it is.

        Raises Throttled when these are too many. They are counted all the same, so that nobody
        learns for nothing that one of many codes is known; sent again, they are the same guesses.
        """
        if unknown and self.key_id is not None and not (yield self.guesses(unknown)):
            raise self.throttled()

    def admit(self, basket: TillBasket, seen: Seen, unknown: Iterable[str]) -> _Counting:
        """`charge` for a redemption, which need not wait with its key when all of it is known.

        So that customers with a list are served while somebody else guesses. Such redemptions are
        counted whatever they present, since the answer says whether all of it is known. Raises
        Throttled.
        """
        if seen.full_since_micros is None or self.key_id is None:
            yield from self.charge(unknown)
            return
        if not basket.lines:
            raise self.throttled(seen)
        sale = "\n".join(map(str, (*basket.reference, basket.digest.text)))
        if not (yield self._guesses(GuessKind.WAITING, [sale])) or unknown:
            raise self.throttled(seen)

    def guesses(self, unknown: Iterable[str]) -> Guesses:
        """What is not known, to be counted."""
        return self._guesses(self.kind, unknown)

    def _guesses(self, kind: GuessKind, values: Iterable[str]) -> Guesses:
        assert self.key_id is not None, "nobody guesses"
        is_waiting = kind is GuessKind.WAITING
        most = (
            self.settings.waiting_redemptions_per_minute
            if is_waiting
            else self.settings.unknown_codes_per_minute
        )
        return Guesses(
            GuessBy(
                self.key_id, str(kind), self.reference.store_id, self.reference.terminal, self.now
            ),
            GuessLimits(
                self.now - WINDOW,
                self.now + WINDOW,
                self.now - AGAIN,
                most,
                most * _STORE_TIMES,
                is_kept=not is_waiting,
            ),
            sorted({guess_digest(self.settings.secret_key, value) for value in values}),
        )

    def throttled(self, seen: Seen | None = None) -> Throttled:
        """How long to wait: as the look said, else until all that counts now is old."""
        left = WINDOW
        if seen is not None and seen.full_since_micros is not None:
            left -= timedelta(microseconds=epoch_micros(self.now) - seen.full_since_micros)
        return Throttled(
            "Too many codes were presented that are not known.",
            retry_seconds=max(1, ceil(left.total_seconds())),
        )


def forget_guesses(database: Database, *, now: datetime) -> None:
    """Remove the guesses that are not counted any more."""
    with database.write() as session:
        guesses.forget(session, before=now - AGAIN)
