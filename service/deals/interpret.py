"""Interprets the rows of a form as deals, or reports what is wrong with them.

A check runs once per group of rows that are alike in the columns it reads, so the cost of a large
file depends on its distinct rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from service.deals.coded_grid import CodedGrid, GridRow, Positions
from service.deals.columns import FACE_VALUES
from service.deals.described import ask_about_contradictions
from service.deals.digest import digest_deals
from service.deals.form import Form
from service.deals.interpreted import COLUMNS_BY_KIND, WINDOW_COLUMNS, WINDOWS, InterpretedDeals
from service.deals.partners import ONLY_FOR_PARTNERS, interpret_partners
from service.deals.plausible import note_implausible
from service.deals.product_sets import FILTERS, ProductSets, ReportFault, suggest_name
from service.deals.row_faults import RowFaults
from service.deals.target_names import note_regions, restore_stores
from service.deals.terms import TERMS_COLUMNS, read_terms
from service.engine.records import DealKind
from service.engine.redeem import Terms
from service.files.headers import plain

_TARGETS = {name: f"target_{name}" for name in ("cells", "tiers", "regions", "stores", "buyers")}
_NO_FACES = [None] * len(FACE_VALUES)
_SHARED_COLUMNS: tuple[tuple[str, str, Any, Any], ...] = (
    ("deal_ref", "deal_id", pl.String, None),
    ("title", "title", pl.String, None),
    ("legal", "legal_text", pl.String, ""),
    ("budget_cents", "budget", pl.Int64, None),
    ("circulation_max", "circulation_max", pl.Int64, None),
    ("circulation_min", "circulation_min", pl.Int64, None),
    ("control_share", "control_share_percent", pl.Int64, 0),
    ("mail_from", "mail_from", pl.Date, None),
    ("mail_to", "mail_to", pl.Date, None),
)
_PRODUCT_COLUMNS: tuple[tuple[str, str, Any, Any], ...] = (
    ("limit_per_household", "limit_per_household", pl.Int64, 1),
    ("funding_share", "funding_share_percent", pl.Int64, 100),
    ("funding_cap_cents", "funding_cap", pl.Int64, None),
    ("handling_fee_cents", "handling_fee", pl.Int64, 0),
    ("redeem_from", "redeem_from", pl.Date, None),
    ("redeem_to", "redeem_to", pl.Date, None),
)
"""The offer's column, the row's column, its type, and the value of an empty cell."""


class Interpreter:
    """Interprets the rows of one form against a catalogue; faults go to the form."""

    def __init__(
        self,
        form: Form,
        products: pl.DataFrame,
        *,
        suppliers: Mapping[str, int],
        stores: Sequence[str],
        regions: Sequence[str],
        as_of: date,
        list_days: int = 0,
        only_suppliers: Sequence[str] = (),
    ) -> None:
        self._form = form
        self._as_of = as_of
        self._list_days = list_days
        self._product_sets = ProductSets(products)
        self._suppliers = {plain(name): (name, key) for name, key in suppliers.items()}
        self._stores, self._regions = stores, regions
        self._only_suppliers = only_suppliers
        self._names = {key: name for key, (name, _) in self._suppliers.items()}
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        self._terms: dict[str, Terms] = {}

    def interpret(self) -> InterpretedDeals:
        """Interpret the rows that have no fault."""
        frame = pl.concat([self._interpret_table(grid) for grid in self._form.grids])
        frame = self._product_sets.with_traits(frame)
        note_implausible(
            self._form,
            frame,
            sets=self._product_sets.sets,
            terms=self._terms,
            as_of=self._as_of,
            list_days=self._list_days,
        )
        frame = frame.with_columns(
            digest_deals(frame, self._product_sets.sets, self._product_sets.kept)
        )
        product_sets = self._product_sets
        return InterpretedDeals(
            frame,
            product_sets.sets,
            product_sets.exclusions,
            self._terms,
            self._form.grids,
            product_sets.descriptions,
            self._form.digits,
            product_sets.kept,
        )

    def _interpret_table(self, grid: CodedGrid) -> pl.DataFrame:
        restore_stores(self._form, grid, self._stores)
        note_regions(self._form, grid, self._regions)
        ask_about_contradictions(self._form, grid, self._product_sets)
        row_faults = RowFaults(self._form, grid)
        for position in np.flatnonzero(~grid.faultless).tolist():
            self._check_names(grid.row(position), row_faults.reporter(np.array([position])))
        faultless = np.flatnonzero(grid.faultless)
        is_partner = np.zeros(grid.height, np.bool_)
        if "kind" in grid.columns:
            is_partner = grid.columns["kind"].matches(lambda kind: kind == DealKind.PARTNER)
        found, of = row_faults.group_rows(faultless, ("supplier", "kind"))
        suppliers = [self._find_supplier(values, report) for values, report, _ in found]
        names = [suppliers[kind][0] for kind in of.tolist()]
        self._check_unique(grid, faultless, names, row_faults)
        for values, report, _ in row_faults.group_rows(faultless, WINDOW_COLUMNS)[0]:
            _check_windows(values, report)
        for values, report, _ in row_faults.group_rows(
            faultless, ("circulation_min", "circulation_max")
        )[0]:
            _check_circulation(values, report)
        own = pl.concat(
            [
                interpret_partners(faultless[is_partner[faultless]], row_faults),
                self._interpret_products(grid, faultless[~is_partner[faultless]], row_faults),
            ]
        )
        return (
            pl.DataFrame(
                {
                    "position": faultless,
                    "table": np.full(len(faultless), grid.table),
                    "row": grid.rows[faultless],
                    "supplier": pl.Series(names, dtype=pl.String),
                    "supplier_id": pl.Series([suppliers[kind][1] for kind in of], dtype=pl.Int64),
                    "is_good": ~row_faults.faulty[faultless],
                }
            )
            .hstack(_shared_columns(grid, faultless, row_faults))
            .join(own, on="position", maintain_order="left")
            .filter("is_good")
            .drop("position", "is_good")
        )

    def _check_names(self, row: GridRow, report: ReportFault) -> None:
        """Report the unknown names of a row that already has other faults."""
        if "supplier" in row.values:
            self._find_supplier(row.values, report)
        self._product_sets.find_members(row.values, report)

    def _find_supplier(
        self, values: Mapping[str, Any], report: ReportFault
    ) -> tuple[str, int | None]:
        name = values["supplier"]
        known = self._suppliers.get(plain(name))
        if self._only_suppliers and (known or (name,))[0] not in self._only_suppliers:
            remedy = f"write {' or '.join(self._only_suppliers)}"
            report("supplier", f"{name[:60]!r} is none of yours", remedy)
            return name, None
        if known is not None:
            return known
        if values.get("kind") != DealKind.PARTNER:
            remedy = suggest_name(name, self._names) or "load its products first"
            report("supplier", f"there is no supplier {name[:60]!r}", remedy)
        return name, None

    def _check_unique(
        self, grid: CodedGrid, positions: Positions, suppliers: Sequence[str], row_faults: RowFaults
    ) -> None:
        ids = grid.columns.get("deal_id")
        for position, supplier in zip(positions.tolist(), suppliers, strict=True):
            assert ids is not None
            here = (grid.table, int(grid.rows[position]))
            table, row = self._seen.setdefault((supplier, ids.values[ids.codes[position]]), here)
            if (table, row) != here:
                sheet = self._form.tables[table].sheet
                place = sheet.address(row, self._form.tables[table].columns["deal_id"])
                report = row_faults.reporter(np.array([position]))
                report("deal_id", f"is in {place} already", "keep one row per deal")

    def _interpret_products(
        self, grid: CodedGrid, positions: Positions, row_faults: RowFaults
    ) -> pl.DataFrame:
        """The columns of product deals, by position; null in rows with faults."""
        for values, report, _ in row_faults.group_rows(positions, ONLY_FOR_PARTNERS)[0]:
            for column in values:
                report(column, "fits only a partner", "leave it empty")
        found, of = row_faults.group_rows(positions, ("eligible_gtins", *FILTERS))
        counted = np.array(
            [self._find_products(values, report) for values, report, _ in found], np.int64
        ).reshape(-1, 5)
        first, second, restricted, first_excluded, kept = counted[of].T
        found, kind = row_faults.group_rows(positions, (*TERMS_COLUMNS, "with_gtins", "with_items"))
        terms = [_read_terms(values, report, self._form.digits) for values, report, _ in found]
        self._terms |= {stored: known for known, stored in terms if known and stored}
        has_terms = np.array([known is not None for known, _ in terms], np.bool_)[kind]
        valued = np.flatnonzero((first >= 0) & has_terms)
        found, face_kind = row_faults.group_rows(
            positions[valued], ("face_value", *FACE_VALUES), kind[valued]
        )
        faces = [
            _face_values(values, terms[kind[valued[place]]][0], report)
            for values, report, place in found
        ]
        face = np.full(len(positions), -1)
        face[valued] = face_kind
        columns = [
            pl.Series("first_set", first).replace(-1, None),
            pl.Series("second_set", second).replace(-1, None),
            pl.Series("restricted", restricted),
            pl.Series("first_excluded", first_excluded).replace(-1, None),
            pl.Series("kept", kept),
            pl.Series("terms", [stored for _, stored in terms], pl.String).gather(kind),
            _values_at("face_value_cents", [cents for cents, _ in faces], pl.Int64, face),
            _values_at("face_values", [stored for _, stored in faces], pl.String, face),
        ]
        return pl.DataFrame([pl.Series("position", positions), *columns]).with_columns(
            pl.lit(str(DealKind.PRODUCT)).alias("kind"),
            *(grid.series(of_row, kind, default).gather(positions).alias(name)
              for name, of_row, kind, default in _PRODUCT_COLUMNS),
            pl.lit(0, pl.Int64).alias("copy_fee_cents"),
            pl.lit(None, pl.String).alias("value_text"),
        ).select(*COLUMNS_BY_KIND)  # fmt: skip

    def _find_products(
        self, values: Mapping[str, Any], report: ReportFault
    ) -> tuple[int, int, int, int, int]:
        """Find the products of both sets.

        Returns the places of the sets, how many products were left out as restricted, and the
        places of what the first leaves out and of what is stored; -1 for none.
        """
        reported_columns: list[str] = []

        def report_and_note(column: str, detail: str, remedy: str) -> None:
            reported_columns.append(column)
            report(column, detail, remedy)

        product_sets = self._product_sets
        members = product_sets.find_members(values, report_and_note)
        counted, second, restricted = members.first, members.second, members.restricted
        if not counted and not reported_columns:
            detail = "no product of the catalogue counts for this deal"
            if restricted:
                detail = "all products that would count are restricted"
            report("eligible_gtins", detail, "name GTINs, items, categories or brands")
        has_second = "with_gtins" in values or "with_items" in values
        if has_second and not second:
            report("with_gtins", "no product of the catalogue is in the second set", "name others")
        return (
            product_sets.place_of(counted) if counted else -1,
            product_sets.place_of(second) if has_second else -1,
            restricted,
            product_sets.place_of_exclusion(members.first_excluded),
            product_sets.place_of_kept(members.kept),
        )


def _values_at(name: str, values: Sequence[Any], kind: Any, places: Positions) -> pl.Series:
    """Values by their places, null at -1."""
    known = pl.Series(name, [*values, None], kind)
    return known.gather(np.where(places < 0, len(values), places))


def _read_terms(
    values: Mapping[str, Any], report: ReportFault, digits: int
) -> tuple[Terms | None, str | None]:
    """The terms of a row, and as they are stored."""
    has_second = "with_gtins" in values or "with_items" in values
    terms = read_terms(values, has_second=has_second, digits=digits, report=report)
    if terms is None:
        return None, None
    return terms, terms.to_json()


def _shared_columns(grid: CodedGrid, positions: Positions, row_faults: RowFaults) -> pl.DataFrame:
    """The columns that deals of both kinds have."""
    in_languages = _language_columns(grid.columns)
    found, of = row_faults.group_rows(positions, [name for name, _, _ in in_languages])
    texts = [_texts(values, in_languages) for values, _, _ in found]
    found, target_kind = row_faults.group_rows(positions, tuple(_TARGETS.values()))
    targets = [_targets(values) for values, _, _ in found]
    return pl.DataFrame(
        [
            *(grid.series(of_row, kind, default).gather(positions).alias(name)
              for name, of_row, kind, default in _SHARED_COLUMNS),
            pl.Series("texts", texts, pl.String).gather(of),
            pl.Series("targets", targets, pl.String).gather(target_kind),
        ]
    )  # fmt: skip


def _texts(values: Mapping[str, Any], in_languages: Sequence[tuple[str, str, str]]) -> str:
    texts: dict[str, dict[str, str]] = {}
    for name, stem, language in in_languages:
        if name in values:
            texts.setdefault(language, {})[stem] = values[name]
    return _json_object(texts)


def _language_columns(columns: Iterable[str]) -> list[tuple[str, str, str]]:
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
        if chosen := values.get(column):
            found[name] = sorted(set(chosen))
    return _json_object(found)


def _check_windows(values: Mapping[str, Any], report: ReportFault) -> None:
    for first, last in WINDOWS:
        if first in values and last in values and values[first] > values[last]:
            report(last, f"{values[last]} is before {first} {values[first]}", "swap the dates")
    dates = [values[name] for name in ("redeem_from", "redeem_to") if name in values]
    if dates == sorted(dates) and dates and values["mail_from"] > dates[-1]:
        detail = f"{values['redeem_to']} is before the first mailing {values['mail_from']}"
        report("redeem_to", detail, "redeem after mailing")


def _check_circulation(values: Mapping[str, Any], report: ReportFault) -> None:
    low, high = values.get("circulation_min"), values.get("circulation_max")
    if low is not None and high is not None and low > high:
        report("circulation_min", f"{low} is more than circulation_max {high}", "lower it")


def _face_values(
    values: Mapping[str, Any], terms: Terms | None, report: ReportFault
) -> tuple[int | None, str]:
    """The face value, and as JSON nine amounts in the order of the cells, or none of them.

    A benefit with a face value of its own takes off its cell's amount; of any other it is what is
    printed and reserved, while the terms are the same for all.
    """
    assert terms is not None
    amount = terms.benefit.face_value_cents
    face = values.get("face_value", amount)
    if face is None:
        report("face_value", "is empty", "say what the list prints as its worth")
        return None, "[]"
    amounts = [values.get(name) for name in FACE_VALUES]
    if amounts == _NO_FACES:
        return face, "[]"
    usual = face if amount is None else amount
    return face, json.dumps([usual if each is None else each for each in amounts])


def _json_object(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False) if content else "{}"
