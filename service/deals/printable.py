"""Finds the texts of a form that lists cannot print, so that no issued list is unprintable."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from service.deals.form import Fault, Form
from service.deals.interpreted import InterpretedDeals
from service.engine.records import DealKind
from service.engine.redeem import Terms, Wording
from service.engine.render import PrintTrial, Unprintable
from service.engine.render.scripts import PICTURES
from service.files import layouts

_VARIABLES = {"title": "title", "legal_text": "legal", "value_text": "value"}
"""The column of the form, and the variable of a layout that shows it."""
_LONGEST = 20
_MOST_NAMED = 5
_PICTURES = re.compile(PICTURES)
_ONLY_PICTURES = re.compile(rf"(?:{PICTURES}|[\s\u200d\ufe0e\ufe0f\u20e3])+")


@dataclass(frozen=True, slots=True)
class Printing:
    """How deals are printed: the layout's name, the language of a household that states none, and
    the most offers on a list."""

    layout: str = "classic-a4"
    language: str = "en"
    offers_per_list: int = 12


class PrintCheck:
    """Tries what a form's deals print, in every language that lists are printed in.

    What does not fit the layout that lists are printed with is a fault of its cell.
    """

    def __init__(self, form: Form, printing: Printing) -> None:
        self._form = form
        self._printing = printing
        self._trial = PrintTrial(layouts.load(printing.layout))
        self._others = [
            PrintTrial(layouts.load(name)) for name in layouts.names() if name != printing.layout
        ]

    def check_texts(self) -> None:
        """Report the texts of cells that cannot be printed, and mark their rows as faulty."""
        too_long_elsewhere: dict[str, None] = {}
        pictured: list[str] = []
        for grid in self._form.grids:
            columns = self._form.tables[grid.table].columns
            for name, cells in grid.columns.items():
                stem, language = _stem_and_language(name)
                variable = _VARIABLES.get(stem)
                if variable is None:
                    continue
                languages = self._languages(language)
                if language and not languages:
                    self._form.note(f"column {name}: no list speaks {language}, so it is not used")
                for code, text in enumerate(cells.values):
                    fault = self._fault_of(variable, text or "", languages)
                    if fault is not None:
                        positions = np.flatnonzero(cells.codes == code)
                        grid.faultless[positions] = False
                        self._form.faults.extend(
                            Fault(grid.table, int(grid.rows[position]), columns[name], name, *fault)
                            for position in positions.tolist()
                        )
                pictured += [text for text in cells.values if text and _PICTURES.search(text)]
                longest = sorted(filter(None, cells.values), key=len)[-_LONGEST:]
                too_long_elsewhere |= dict.fromkeys(self._misfits(variable, longest, languages))
        if pictured:
            shown = ", ".join(map(repr, pictured[:_MOST_NAMED]))
            self._form.note(f"emoji are left out in print where no font has them: {shown}")
        if too_long_elsewhere:
            named = ", ".join(too_long_elsewhere)
            self._form.note(
                f"some texts fit {self._printing.layout}, which lists are printed with, and are "
                f"too long for {named}"
            )

    def without_unprintable(self, deals: InterpretedDeals, *, currency: str) -> InterpretedDeals:
        """The deals whose value and condition can be printed; the others are reported."""
        kinds = deals.frame.filter(pl.col("kind") == DealKind.PRODUCT).unique(
            ["terms", "face_values"], maintain_order=True
        )
        found = [
            (row["terms"], row["face_values"], *fault)
            for row in kinds.select("terms", "face_values").iter_rows(named=True)
            if (fault := self._fault_of_terms(deals.terms[row["terms"]], row, currency))
        ]
        if not found:
            return deals
        schema = dict.fromkeys(("terms", "face_values", "column", "detail", "remedy"), pl.String)
        faulty = pl.DataFrame(found, schema=schema, orient="row")
        keys = ["terms", "face_values"]
        bad = deals.frame.join(faulty, on=keys, how="inner", maintain_order="left")
        shown = bad.select("table", "row", "column", "detail", "remedy")
        for table, row, column, detail, remedy in shown.iter_rows():
            place = self._form.tables[table].columns.get(column)
            self._form.faults.append(Fault(table, row, place, column, detail, remedy))
        return replace(deals, frame=deals.frame.join(faulty, on=keys, how="anti"))

    def note_small_print(self, deals: InterpretedDeals) -> None:
        """Ask about small prints that are too long to stand on one list together."""
        # A list has one deal of a supplier in a category.
        meeting = (
            deals.frame.filter(pl.col("legal") != "")
            .sort(pl.col("legal").str.len_chars(), descending=True, maintain_order=True)
            .unique(["supplier", "category_id"], keep="first", maintain_order=True)
        )
        longest = meeting["legal"].unique(maintain_order=True).to_list()
        count = min(len(longest), self._printing.offers_per_list)
        language = self._printing.language
        if count < 2 or self._trial.fits_together(longest[:count], language=language):
            return
        fitting = max(
            number
            for number in range(1, count)
            if number == 1 or self._trial.fits_together(longest[:number], language=language)
        )
        self._form.ask(
            f"legal_text: the small print of up to {count} different offers may meet on one list, "
            f"and of the longest {count} of this file only {fitting} fit it together (layout "
            f"{self._printing.layout}); a list leaves out offers that it has no room for: shorten "
            "them, or give several deals the same text"
        )

    def _languages(self, language: str) -> Sequence[str]:
        """The languages of lists that show a text in this language; all for one without any."""
        known = self._trial.languages()
        return [tag for tag in known if not language or tag.partition("-")[0] == language]

    def _fault_of(self, variable: str, text: str, languages: Iterable[str]) -> Unprintable | None:
        """What is wrong with a text; only small print has words of the language beside it."""
        if _ONLY_PICTURES.fullmatch(text):
            return Unprintable("is only emoji, which are left out in print", "write it in words")
        tried = languages if variable == "legal" else [*languages][:1]
        for language in tried:
            fault = self._trial.fault_of(variable, text, language=language)
            if fault is not None:
                return fault
        return None

    def _misfits(
        self, variable: str, texts: Sequence[str], languages: Sequence[str]
    ) -> Iterator[str]:
        """The other layouts that cannot print one of the texts."""
        for trial in self._others if languages else ():
            tried = (trial.fault_of(variable, text, language=languages[0]) for text in texts)
            if any(fault is not None for fault in tried):
                yield trial.layout.name

    def _fault_of_terms(
        self, terms: Terms, row: Mapping[str, Any], currency: str
    ) -> tuple[str, str, str] | None:
        """The column, detail and remedy of a value or a condition that cannot be printed."""
        faces = sorted(set(json.loads(row["face_values"])))
        shown = [terms.at_face_value(cents) for cents in faces] or [terms]
        for language, wording in layouts.wordings().items():
            for each in shown:
                fault = self._fault_in_wording(each, wording, language, currency)
                if fault is not None:
                    return fault
        return None

    def _fault_in_wording(
        self, terms: Terms, wording: Wording, language: str, currency: str
    ) -> tuple[str, str, str] | None:
        value = wording.benefit(terms, currency=currency)
        condition = wording.condition(terms, currency=currency)
        detail_of = "min_spend" if terms.condition.minimum_spend_cents else "min_quantity"
        for variable, column, text in (("value", "value", value), ("detail", detail_of, condition)):
            fault = self._trial.fault_of(variable, text, language=language)
            if fault is not None:
                detail = f"is printed as {text!r} in language {language}, which {fault.detail}"
                return column, detail, "use smaller numbers, or another benefit"
        return None


def _stem_and_language(name: str) -> tuple[str, str]:
    """`title_de` as title and de; a column without a language has an empty one."""
    for stem in _VARIABLES:
        if name.startswith(f"{stem}_"):
            return stem, name.removeprefix(f"{stem}_")
    return name, ""
