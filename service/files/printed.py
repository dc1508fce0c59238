"""What lists and letters cannot print: names of products, which are refused, and addresses."""

from dataclasses import fields, replace
from typing import NamedTuple

import polars as pl

from service.engine.records import Address
from service.engine.render import AddressTrial, PrintTrial, Unprintable, UnprintableAddress
from service.errors import Problem
from service.files import layouts, rows
from service.files.report import KEPT_PROBLEMS

_VARIABLES = {"description": "product", "item": "item", "department": "department"}
"""The column of a file of products, and the variable of a layout that shows it."""
_LANGUAGE = "en"
"""No layout has words of a language beside the name of a product."""


class NameCheck:
    """Tries the names of products in the layout that lists are printed with."""

    def __init__(self, layout: str) -> None:
        self._trial = PrintTrial(layouts.load(layout))
        self._seen: dict[tuple[str, str], Unprintable | None] = {}

    def apply(self, chunk: rows.Chunk, file_name: str) -> rows.Chunk:
        """The chunk without the rows whose names cannot be printed; those are refused by cell."""
        bad: dict[int, list[Problem]] = {}
        for column in _VARIABLES:
            named = chunk.rows.group_by(column, maintain_order=True).agg(rows.ROW)
            for text, numbers in named.iter_rows():
                fault = self._fault_of(column, text or "")
                if fault is None:
                    continue
                for number in numbers:
                    where = f"{file_name}, row {number}, column {column}"
                    bad.setdefault(number, []).append(Problem(where, *fault))
        if not bad:
            return chunk
        problems = [each for number in sorted(bad) for each in bad[number]]
        return replace(
            chunk,
            rows=chunk.rows.filter(~pl.col(rows.ROW).is_in([*bad])),
            problems=(*chunk.problems, *problems[:KEPT_PROBLEMS]),
            refused=chunk.refused + len(bad),
        )

    def _fault_of(self, column: str, text: str) -> Unprintable | None:
        key = (column, text)
        if key not in self._seen:
            self._seen[key] = self._trial.fault_of(_VARIABLES[column], text, language=_LANGUAGE)
        return self._seen[key]


_ADDRESS = tuple(each.name for each in fields(Address))


class UnprintableContact(NamedTuple):
    """Whose letter cannot be printed, and why. `place` is its row in the frame, from 0."""

    place: int
    fault: UnprintableAddress


def unprintable_contacts(contacts: pl.DataFrame, layout: str) -> list[UnprintableContact]:
    """The rows of contacts that agreed to mail and whose address a layout cannot print, in order.

    `contacts` has the columns of an address and mail_consent; all of them are tried as printed.
    """
    trial = AddressTrial(layouts.load(layout))
    found = []
    consented = contacts.with_row_index("place").filter(pl.col("mail_consent"))
    for place, *parts in consented.select("place", *_ADDRESS).iter_rows():
        fault = trial.fault_of(Address(*(part or "" for part in parts)))
        if fault is not None:
            found.append(UnprintableContact(place, fault))
    return found
