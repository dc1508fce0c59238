"""Rows of the form as deals: what each means, or what is wrong with it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from service.deals.columns import FACE_VALUES, plain
from service.deals.digest import digest, given
from service.deals.form import Fault, Form, Row
from service.deals.goods import Goods, Tell, near
from service.deals.terms import TERMS_COLUMNS, terms_of
from service.engine.records import DealKind
from service.engine.redeem import AmountOff, Terms

PARTNER_CATEGORY = "Partners"
"""The category of slots without goods, and its department: no product is in it."""

_TARGETS = {name: f"target_{name}" for name in ("cells", "tiers", "regions", "stores", "buyers")}
_NOT_FOR_PARTNERS = (
    "eligible_gtins", "eligible_items", "eligible_categories", "eligible_brands",
    "excluded_gtins", "excluded_items", "excluded_categories", "excluded_brands", "with_gtins",
    "with_items", "with_quantity", "benefit", "value", "get_quantity", "benefit_cap", "covers",
    "min_quantity", "unit", "min_spend", "uses_per_basket", "face_value", *FACE_VALUES,
    "funding_share_percent", "funding_cap", "handling_fee", "limit_per_household",
    "target_cells", "target_buyers",
)  # fmt: skip
_ONLY_FOR_PARTNERS = ("copy_fee", "value_text")
_NO_FACES = [None] * len(FACE_VALUES)
_WINDOWS = (("mail_from", "mail_to"), ("redeem_from", "redeem_to"))


@dataclass(frozen=True, slots=True)
class Deal:
    """A row understood. `columns` are the offer's as they are stored, but for its supplier's id.

    `values` are the row's with what the catalogue mended in them. `members` are the products of
    each set, `restricted` how many more were left out because of a restriction; `terms` None for a
    partner's slot.
    """

    row: Row
    supplier: str
    supplier_id: int | None
    values: Mapping[str, Any] = field(repr=False)
    columns: dict[str, Any] = field(repr=False)
    members: tuple[tuple[int, ...], ...] = field(repr=False)
    terms: Terms | None
    restricted: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What names the deal, whatever its revision."""
        return self.supplier, self.columns["deal_ref"]

    @property
    def digest(self) -> str:
        """What the deal means; equal for two that mean the same."""
        return digest(self.columns, self.members)

    @property
    def given(self) -> str:
        """The row as it was understood, for the history of the deal."""
        return given(self.values)


class Meaning:
    """Understands the rows of one form against a catalogue; faults go to the form."""

    def __init__(
        self,
        form: Form,
        products: pl.DataFrame,
        *,
        suppliers: Mapping[str, int],
        stores: Sequence[str],
    ) -> None:
        self._form = form
        self._goods = Goods(products)
        self._suppliers = {plain(name): (name, key) for name, key in suppliers.items()}
        self._stores = {name.lstrip("0"): name for name in stores}
        self._names = {key: name for key, (name, _) in self._suppliers.items()}
        self._seen: dict[tuple[str, str], Row] = {}
        self._known_terms: dict[tuple[Any, ...], tuple[Terms, str]] = {}
        self._spoken = [_spoken(table.columns) for table in form.tables]

    def deals(self) -> list[Deal]:
        """The rows that have no fault, in order."""
        deals = []
        for row in self._form.rows:
            if not row.is_whole:
                self._names_of(row)
            elif (deal := self._deal(row)) is not None:
                deals.append(deal)
        return deals

    def _teller(self, row: Row) -> Tell:
        def tell(column: str, detail: str, remedy: str) -> None:
            place = self._form.tables[row.table].columns.get(column)
            self._form.faults.append(Fault(row.table, row.row, place, column, detail, remedy))

        return tell

    def _names_of(self, row: Row) -> None:
        """Tell which names of a row that has faults already are not known either."""
        is_partner = row.values.get("kind") == DealKind.PARTNER
        if "supplier" in row.values:
            self._supplier(row.values["supplier"], self._teller(row), may_be_new=is_partner)
        self._goods.members(row.values, self._teller(row))

    def _deal(self, row: Row) -> Deal | None:
        values = row.values
        before = len(self._form.faults)
        tell = self._teller(row)
        if "target_stores" in values:
            values = {**values, "target_stores": self._stores_of(row)}
        is_partner = values.get("kind") == DealKind.PARTNER
        supplier, supplier_id = self._supplier(values["supplier"], tell, may_be_new=is_partner)
        self._once(row, supplier, tell)
        _check_windows(values, tell)
        for column in _NOT_FOR_PARTNERS if is_partner else _ONLY_FOR_PARTNERS:
            if column in values and not (is_partner and values[column] in (0, "", ())):
                said = "does not fit a partner" if is_partner else "fits only a partner"
                tell(column, said, "leave it empty")
        made = _partner(values, tell) if is_partner else self._product(values, tell)
        if made is None or len(self._form.faults) > before:
            return None
        columns, members, terms, restricted = made
        columns = {**self._shared(row.table, values), **columns}
        return Deal(row, supplier, supplier_id, values, columns, members, terms, restricted)

    def _supplier(self, name: str, tell: Tell, *, may_be_new: bool) -> tuple[str, int | None]:
        known = self._suppliers.get(plain(name))
        if known is not None:
            return known
        if not may_be_new:
            remedy = near(name, self._names) or "load its products first"
            tell("supplier", f"there is no supplier {name[:60]!r}", remedy)
        return name, None

    def _stores_of(self, row: Row) -> tuple[str, ...]:
        """The stores a deal is aimed at, with the zeros a spreadsheet dropped put back."""
        found = []
        for name in row.values["target_stores"]:
            known = self._stores.get(name.lstrip("0"), name)
            if known != name or name.lstrip("0") not in self._stores:
                sheet = self._form.tables[row.table]
                place = sheet.sheet.address(row.row, sheet.columns["target_stores"])
                said = f"was read as store {known}" if known != name else "is no store known yet"
                self._form.notes.append(f"{place}: {name} {said}")
            found.append(known)
        return tuple(found)

    def _once(self, row: Row, supplier: str, tell: Tell) -> None:
        key = (supplier, row.values["deal_id"])
        earlier = self._seen.setdefault(key, row)
        if earlier is not row:
            sheet = self._form.tables[earlier.table].sheet
            place = self._form.tables[earlier.table].columns["deal_id"]
            said = f"is in {sheet.address(earlier.row, place)} already"
            tell("deal_id", said, "keep one row per deal")

    def _product(
        self, values: Mapping[str, Any], tell: Tell
    ) -> tuple[dict[str, Any], tuple[tuple[int, ...], ...], Terms | None, int] | None:
        before = len(self._form.faults)
        counted, second, restricted = self._goods.members(values, tell)
        has_second = "with_gtins" in values or "with_items" in values
        if not counted and len(self._form.faults) == before:
            said = "no product of the catalogue counts for this deal"
            if restricted:
                said = "all products that would count are restricted"
            tell("eligible_gtins", said, "name GTINs, items, categories or brands")
        if has_second and not second:
            tell("with_gtins", "no product of the catalogue is in the second set", "name others")
        known = self._terms(values, has_second=has_second, tell=tell)
        if known is None or not counted:
            return None
        terms, stored = known
        faces = _face_values(values, terms)
        face = values.get("face_value")
        if face is None and isinstance(terms.benefit, AmountOff):
            face = terms.benefit.amount_cents
        if face is None:
            tell("face_value", "is empty", "say what the list prints as its worth")
            return None
        traits = self._goods.traits(counted)
        columns = {
            "kind": str(DealKind.PRODUCT),
            "category_id": traits.category_id,
            "private_label": traits.private_label,
            "price_cents": face if traits.price_cents is None else traits.price_cents,
            "terms": stored,
            "face_value_cents": face,
            "face_values": json.dumps(faces) if faces else "[]",
            "limit_per_household": values.get("limit_per_household", 1),
            "funding_share": values.get("funding_share_percent", 100),
            "funding_cap_cents": values.get("funding_cap"),
            "handling_fee_cents": values.get("handling_fee", 0),
            "redeem_from": values["redeem_from"],
            "redeem_to": values["redeem_to"],
            "copy_fee_cents": 0,
            "value_text": None,
        }
        return columns, (counted, *((second,) if has_second else ())), terms, restricted

    def _terms(
        self, values: Mapping[str, Any], *, has_second: bool, tell: Tell
    ) -> tuple[Terms, str] | None:
        """The terms of a row, and as they are stored; many rows say the same."""
        key = (has_second, *[values.get(name) for name in TERMS_COLUMNS])
        found = self._known_terms.get(key)
        if found is None:
            terms = terms_of(values, has_second=has_second, tell=tell)
            if terms is None:
                return None
            stored = json.dumps(terms.to_dict(), sort_keys=True, separators=(",", ":"))
            found = self._known_terms[key] = (terms, stored)
        return found

    def _shared(self, table: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that deals of both kinds have."""
        texts: dict[str, dict[str, str]] = {}
        for name, stem, language in self._spoken[table]:
            if name in values:
                texts.setdefault(language, {})[stem] = values[name]
        return {
            "deal_ref": values["deal_id"],
            "title": values["title"],
            "legal": values.get("legal_text", ""),
            "texts": _object(texts),
            "targets": _targets(values),
            "budget_cents": values.get("budget"),
            "circulation_max": values.get("circulation_max"),
            "circulation_min": values.get("circulation_min"),
            "control_share": values.get("control_share_percent", 0),
            "mail_from": values["mail_from"],
            "mail_to": values["mail_to"],
        }


def _spoken(columns: Iterable[str]) -> list[tuple[str, str, str]]:
    """Columns in another language, each with what it is and the language: title_de, title, de."""
    return [
        (name, stem.split("_")[0], name.removeprefix(f"{stem}_"))
        for name in columns
        for stem in ("title", "legal_text")
        if name.startswith(f"{stem}_")
    ]


def _targets(values: Mapping[str, Any]) -> str:
    found = {}
    for name, column in _TARGETS.items():
        if given := values.get(column):
            found[name] = sorted(set(given))
    return _object(found)


def _partner(
    values: Mapping[str, Any], tell: Tell
) -> tuple[dict[str, Any], tuple[tuple[int, ...], ...], Terms | None, int] | None:
    fits = True
    for column in _ONLY_FOR_PARTNERS:
        if column not in values:
            tell(column, "is empty", "a partner's slot needs it")
            fits = False
    if not fits:
        return None
    columns = {
        "kind": str(DealKind.PARTNER),
        "category_id": None,
        "private_label": False,
        "price_cents": 0,
        "terms": "{}",
        "face_value_cents": 0,
        "face_values": "[]",
        "limit_per_household": 1,
        "funding_share": 100,
        "funding_cap_cents": None,
        "handling_fee_cents": 0,
        "redeem_from": values.get("redeem_from", values["mail_from"]),
        "redeem_to": values.get("redeem_to", date(2100, 12, 31)),
        "copy_fee_cents": values["copy_fee"],
        "value_text": values["value_text"],
    }
    return columns, (), None, 0


def _check_windows(values: Mapping[str, Any], tell: Tell) -> None:
    for first, last in _WINDOWS:
        if first in values and last in values and values[first] > values[last]:
            tell(last, f"{values[last]} is before {first} {values[first]}", "swap the dates")
    dates = [values[name] for name in ("redeem_from", "redeem_to") if name in values]
    if dates == sorted(dates) and dates and values["mail_from"] > dates[-1]:
        said = f"{values['redeem_to']} is before the first mailing {values['mail_from']}"
        tell("redeem_to", said, "redeem after mailing")
    low, high = values.get("circulation_min"), values.get("circulation_max")
    if low is not None and high is not None and low > high:
        tell("circulation_min", f"{low} is more than circulation_max {high}", "lower it")


def _face_values(values: Mapping[str, Any], terms: Terms) -> list[int]:
    """Nine amounts in the order of the cells, or none when one holds for all.

    An `amount_off` takes off its cell's amount; of any other benefit it is what is printed and
    reserved, while the terms are the same for all.
    """
    given = [values.get(name) for name in FACE_VALUES]
    if given == _NO_FACES:
        return []
    usual = values.get("face_value")
    if isinstance(terms.benefit, AmountOff):
        usual = terms.benefit.amount_cents
    if usual is None:
        return []
    return [usual if amount is None else amount for amount in given]


def _object(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False) if content else "{}"
