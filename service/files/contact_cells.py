"""Cards, phones, postcodes and languages of households: what is right, and what is said of them."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from pydantic import SecretStr

from service.engine import identities as engine
from service.errors import Problem
from service.files.postcodes import read_postcode
from service.files.rows import ROW
from service.sealing import PHONES, Sealer
from service.store.identities import digests_of

AS_TEXT = "format the column as text and export it again, or leave the cell empty"
_REMEDIES = {
    "card": "correct it, leave it empty, or set LARDER_CARD_PATTERN for cards of another form",
    "phone": "write it as +14195550142, or leave it empty; LARDER_COUNTRY is for national ones",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How contact data is read: the key of digests, the country, and the form of cards."""

    key: SecretStr
    country: str = ""
    card_pattern: re.Pattern[str] | None = None


@dataclass(slots=True)
class ContactNotes:
    """Rows by what is to be said of them."""

    repaired: dict[int, str] = field(default_factory=dict)
    bare_phones: list[int] = field(default_factory=list)
    rounded: list[int] = field(default_factory=list)
    cards: int = 0
    languages: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class ContactReader:
    """Checks the contact cells of chunks of rows and collects notes on them."""

    def __init__(self, path: str, rules: ContactRules) -> None:
        self.notes = ContactNotes()
        self._path = path
        self._rules = rules
        self._phones = Sealer(rules.key, PHONES)

    def read(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, list[Problem]]]:
        """The rows with digests for numbers and postcodes as stored; the faults by row.

        Adds `card_digest`, `phone_digest` and lists `card_older`, `phone_older`: the forms that are
        over once the first is stored; and `phone_sealed`, the number to write to as it is stored.
        """
        faults: dict[int, list[Problem]] = defaultdict(list)
        self._read_refs(frame, faults)
        postcodes = self._read_postcodes(frame, faults)
        columns = [pl.Series("postcode", postcodes, dtype=pl.String)]
        sealed = [self._sealed(value) for value in frame["phone"]]
        columns.append(pl.Series("phone_sealed", sealed, dtype=pl.String))
        for kind in ("card", "phone"):
            digests, older = self._read_numbers(frame, kind, faults)
            columns.append(pl.Series(f"{kind}_digest", digests, dtype=pl.String))
            columns.append(pl.Series(f"{kind}_older", older, dtype=pl.List(pl.String)))
        for language, count in frame["language"].value_counts().iter_rows():
            self.notes.languages[language] += count
        return frame.with_columns(columns).drop("card", "phone"), faults

    def _read_refs(self, frame: pl.DataFrame, faults: Mapping[int, list[Problem]]) -> None:
        for row, ref in frame.select(ROW, "household_id").iter_rows():
            if engine.is_scientific(ref) or (not ref.isalnum() and engine.is_placeholder(ref)):
                where = f"{self._path}, row {row}, column household_id"
                faults[row].append(Problem(where, f"{ref[:60]!r} names no household", AS_TEXT))

    def _read_postcodes(
        self, frame: pl.DataFrame, faults: Mapping[int, list[Problem]]
    ) -> list[str]:
        found = []
        for row, text, country in frame.select(ROW, "postcode", "country").iter_rows():
            read = read_postcode(text, country or self._rules.country)
            found.append(read.text)
            if read.repaired:
                self.notes.repaired[row] = f"{text} is {read.text}"
            elif read.fault:
                where = f"{self._path}, row {row}, column postcode"
                faults[row].append(Problem(where, read.fault, "correct it, or its country"))
        return found

    def _read_numbers(
        self, frame: pl.DataFrame, kind: str, faults: Mapping[int, list[Problem]]
    ) -> tuple[list[str | None], list[list[str]]]:
        digests: list[str | None] = []
        older: list[list[str]] = []
        for row, value in frame.select(ROW, kind).iter_rows():
            if value is None:
                digests.append(None)
                older.append([])
                continue
            found = engine.forms(kind, value, country=self._rules.country)
            if detail := self._fault(kind, value, found):
                where = f"{self._path}, row {row}, column {kind}"
                remedy = AS_TEXT if "spreadsheet" in detail else _REMEDIES[kind]
                faults[row].append(Problem(where, f"{_shown(value)} {detail}", remedy))
                digests.append(None)
                older.append([])
                continue
            self._note(kind, value, found[0].text, row)
            first, *others = digests_of(self._rules.key, kind, found)
            digests.append(first.digest)
            older.append([other.digest for other in others if other.moves_to == first.digest])
        return digests, older

    def _sealed(self, phone: str | None) -> str:
        found = engine.forms("phone", phone, country=self._rules.country) if phone else ()
        return self._phones.seal(f"+{found[0].text}") if found and found[0].text else ""

    def _fault(self, kind: str, value: str, found: tuple[engine.Form, ...]) -> str:
        if kind == "card":
            return engine.card_fault(value, found, self._rules.card_pattern)
        return engine.phone_fault(value, country=self._rules.country)

    def _note(self, kind: str, value: str, stored: str, row: int) -> None:
        if kind == "card":
            self.notes.cards += 1
            if engine.is_rounded(stored):
                self.notes.rounded.append(row)
        elif not self._rules.country and not engine.names_country(value):
            self.notes.bare_phones.append(row)


def _shown(value: str) -> str:
    """A number as faults show it: they go into logs, so only its end is in them."""
    if not re.search(r"[0-9]{5}", re.sub(r"[^0-9A-Za-z.,+]", "", value)) or "E+" in value.upper():
        return repr(value[:30])
    return f"...{value[-4:]}"
