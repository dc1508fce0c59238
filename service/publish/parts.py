"""The pieces of a package in parts, checked and printed by any process of this machine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.engine.records import Mailpiece
from service.engine.render import Checker, PiecePages, render_batch
from service.engine.render.standard import Conformance
from service.errors import Problem
from service.files import layouts
from service.files.print_setup import inks_of
from service.publish.choice import mailpieces
from service.publish.depot import StoredFile, open_depot
from service.settings import Settings
from service.store.pictures import KeptPictures
from service.store.session import Database

Proof = Callable[[Path, Sequence[str]], None]
"""Checks a printed file against its list codes in order; raises when it must not be mailed.

It can be pickled where several processes print.
"""

Found = dict[int, tuple[Problem, ...]]
"""Lists that cannot be printed, each with every text of it that does not fit."""
_CHECKED_TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class Check:
    """Sets some pieces as they are printed; how many there were, and what does not fit."""

    pieces: pl.DataFrame

    def __call__(self, database: Database, settings: Settings) -> tuple[int, Found]:
        """Do it."""
        checker = Checker(
            layouts.load(settings.layout, inks_of(settings)),
            sender=layouts.sender_of(settings),
            departments=settings.walking_order,
        )
        lists_of = dict(self.pieces.select("seq", "list_id").iter_rows())
        checked = checker.check_all(mailpieces(database, self.pieces))
        found = {lists_of[piece.seq]: problems for piece, problems in checked if problems}
        return self.pieces.height, found

    @classmethod
    def each_of(cls, pieces: pl.DataFrame) -> list["Check"]:
        """Tasks for all pieces."""
        return [cls(some) for some in pieces.iter_slices(_CHECKED_TOGETHER)]


class Printed(NamedTuple):
    """A file of a package as it is stored, and the pages of each of its pieces."""

    file: StoredFile
    placed: Sequence[PiecePages]


@dataclass(frozen=True, slots=True)
class Print:
    """Prints a PDF file of a package."""

    package: str
    name: str
    pieces: pl.DataFrame
    conformance: Conformance
    proof: Proof | None

    def __call__(self, database: Database, settings: Settings) -> Printed:
        """Do it: the file has the same bytes whatever process does."""
        codes: list[str] = []

        def collect_codes() -> Iterator[Mailpiece]:
            for piece in mailpieces(database, self.pieces):
                codes.append(piece.document.list_code)
                yield piece

        proof = self.proof
        file, placed = open_depot(settings).put(
            self.package,
            self.name,
            lambda out: render_batch(
                collect_codes(),
                layouts.load(settings.layout, inks_of(settings)),
                out,
                title=f"{settings.retailer} {self.package}",
                language=settings.language,
                sender=layouts.sender_of(settings),
                departments=settings.walking_order,
                pictures=KeptPictures(database),
                conformance=self.conformance,
            ),
            proof=None if proof is None else lambda path: proof(path, codes),
        )
        return Printed(file, placed)
