"""Rows of the form as deals: what each means, or what is wrong with it.

Rows that are alike in the columns a question rests on are asked it once, so a file of many rows
costs little more than what is different in them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from service.deals.asked import Asked
from service.deals.columns import FACE_VALUES, plain
from service.deals.digest import digests
from service.deals.form import MOST_NOTES, Form
from service.deals.goods import FILTERS, Goods, Tell, near
from service.deals.grid import Grid, Row, Spots
from service.deals.partners import ONLY_FOR_PARTNERS, partners
from service.deals.terms import TERMS_COLUMNS, terms_of
from service.deals.understood import OWN, WINDOW_COLUMNS, WINDOWS, Deals
from service.engine.records import DealKind
from service.engine.redeem import Terms

_TARGETS = {name: f"target_{name}" for name in ("cells", "tiers", "regions", "stores", "buyers")}
_NO_FACES = [None] * len(FACE_VALUES)
_OF_BOTH: tuple[tuple[str, str, Any, Any], ...] = (
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
_OF_PRODUCTS: tuple[tuple[str, str, Any, Any], ...] = (
    ("limit_per_household", "limit_per_household", pl.Int64, 1),
    ("funding_share", "funding_share_percent", pl.Int64, 100),
    ("funding_cap_cents", "funding_cap", pl.Int64, None),
    ("handling_fee_cents", "handling_fee", pl.Int64, 0),
    ("redeem_from", "redeem_from", pl.Date, None),
    ("redeem_to", "redeem_to", pl.Date, None),
)
"""The offer's column, the row's, its type, and what an empty cell means."""


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
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        self._terms: dict[str, Terms] = {}

    def deals(self) -> Deals:
        """The rows that have no fault."""
        frame = pl.concat([self._of_table(grid) for grid in self._form.grids])
        frame = self._goods.with_traits(frame)
        frame = frame.with_columns(digests(frame, self._goods.sets))
        goods = self._goods
        return Deals(frame, goods.sets, goods.exclusions, self._terms, self._form.grids)

    def _of_table(self, grid: Grid) -> pl.DataFrame:
        self._put_zeros_back(grid)
        asked = Asked(self._form, grid)
        for spot in np.flatnonzero(~grid.whole).tolist():
            self._names_of(grid.row(spot), asked.teller(np.array([spot])))
        whole = np.flatnonzero(grid.whole)
        is_partner = np.zeros(grid.height, np.bool_)
        if "kind" in grid.columns:
            is_partner = grid.columns["kind"].among(lambda kind: kind == DealKind.PARTNER)
        found, of = asked.kinds(whole, ("supplier", "kind"))
        suppliers = [self._supplier_of(values, tell) for values, tell, _ in found]
        names = [suppliers[kind][0] for kind in of.tolist()]
        self._once(grid, whole, names, asked)
        for values, tell, _ in asked.kinds(whole, WINDOW_COLUMNS)[0]:
            _check_windows(values, tell)
        for values, tell, _ in asked.kinds(whole, ("circulation_min", "circulation_max"))[0]:
            _check_circulation(values, tell)
        own = pl.concat(
            [
                partners(whole[is_partner[whole]], asked),
                self._products(grid, whole[~is_partner[whole]], asked),
            ]
        )
        return (
            pl.DataFrame(
                {
                    "spot": whole,
                    "table": np.full(len(whole), grid.table),
                    "row": grid.rows[whole],
                    "supplier": pl.Series(names, dtype=pl.String),
                    "supplier_id": pl.Series([suppliers[kind][1] for kind in of], dtype=pl.Int64),
                    "is_good": ~asked.bad[whole],
                }
            )
            .hstack(_shared(grid, whole, asked))
            .join(own, on="spot", maintain_order="left")
            .filter("is_good")
            .drop("spot", "is_good")
        )

    def _names_of(self, row: Row, tell: Tell) -> None:
        """Tell which names of a row that has faults already are not known either."""
        if "supplier" in row.values:
            self._supplier_of(row.values, tell)
        self._goods.members(row.values, tell)

    def _supplier_of(self, values: Mapping[str, Any], tell: Tell) -> tuple[str, int | None]:
        name = values["supplier"]
        known = self._suppliers.get(plain(name))
        if known is not None:
            return known
        if values.get("kind") != DealKind.PARTNER:
            remedy = near(name, self._names) or "load its products first"
            tell("supplier", f"there is no supplier {name[:60]!r}", remedy)
        return name, None

    def _put_zeros_back(self, grid: Grid) -> None:
        """The stores deals are aimed at, with the zeros a spreadsheet dropped."""
        if "target_stores" not in grid.columns:
            return
        cells = grid.columns["target_stores"]
        sheet = self._form.tables[grid.table]
        notes = []
        for code, names in enumerate(cells.values):
            for name in names or ():
                known = self._stores.get(name.lstrip("0"), name)
                if known != name or name.lstrip("0") not in self._stores:
                    said = (
                        f"was read as store {known}" if known != name else "is no store known yet"
                    )
                    notes.append((code, f"{name} {said}"))
        for code, said in notes[:MOST_NOTES]:
            row = int(grid.rows[np.argmax(cells.codes == code)])
            place = sheet.sheet.address(row, sheet.columns["target_stores"])
            self._form.notes.append(f"{place}: {said}")
        if len(notes) > MOST_NOTES:
            self._form.notes.append(
                f"column target_stores: {len(notes) - MOST_NOTES} more like these"
            )
        grid.columns["target_stores"] = cells.mapped(
            lambda names: tuple([self._stores.get(name.lstrip("0"), name) for name in names or ()])
        )

    def _once(self, grid: Grid, spots: Spots, suppliers: Sequence[str], asked: Asked) -> None:
        ids = grid.columns.get("deal_id")
        for spot, supplier in zip(spots.tolist(), suppliers, strict=True):
            assert ids is not None
            here = (grid.table, int(grid.rows[spot]))
            table, row = self._seen.setdefault((supplier, ids.values[ids.codes[spot]]), here)
            if (table, row) != here:
                sheet = self._form.tables[table].sheet
                place = sheet.address(row, self._form.tables[table].columns["deal_id"])
                tell = asked.teller(np.array([spot]))
                tell("deal_id", f"is in {place} already", "keep one row per deal")

    def _products(self, grid: Grid, spots: Spots, asked: Asked) -> pl.DataFrame:
        """What only deals on products have, by spot; nulls where a row was found to have faults."""
        for values, tell, _ in asked.kinds(spots, ONLY_FOR_PARTNERS)[0]:
            for column in values:
                tell(column, "fits only a partner", "leave it empty")
        found, of = asked.kinds(spots, ("eligible_gtins", *FILTERS))
        counted = np.array(
            [self._counted(values, tell) for values, tell, _ in found], np.int64
        ).reshape(-1, 5)
        first, second, restricted, first_excluded, second_excluded = counted[of].T
        found, kind = asked.kinds(spots, (*TERMS_COLUMNS, "with_gtins", "with_items"))
        terms = [_terms(values, tell) for values, tell, _ in found]
        self._terms |= {stored: known for known, stored in terms if known and stored}
        has_terms = np.array([known is not None for known, _ in terms], np.bool_)[kind]
        valued = np.flatnonzero((first >= 0) & has_terms)
        found, face_kind = asked.kinds(spots[valued], ("face_value", *FACE_VALUES), kind[valued])
        faces = [
            _face_values(values, terms[kind[valued[place]]][0], tell)
            for values, tell, place in found
        ]
        face = np.full(len(spots), -1)
        face[valued] = face_kind
        columns = [
            pl.Series("first_set", first).replace(-1, None),
            pl.Series("second_set", second).replace(-1, None),
            pl.Series("restricted", restricted),
            pl.Series("first_excluded", first_excluded).replace(-1, None),
            pl.Series("second_excluded", second_excluded).replace(-1, None),
            pl.Series("terms", [stored for _, stored in terms], pl.String).gather(kind),
            _at("face_value_cents", [cents for cents, _ in faces], pl.Int64, face),
            _at("face_values", [stored for _, stored in faces], pl.String, face),
        ]
        return pl.DataFrame([pl.Series("spot", spots), *columns]).with_columns(
            pl.lit(str(DealKind.PRODUCT)).alias("kind"),
            *(grid.series(of_row, kind, default).gather(spots).alias(name)
              for name, of_row, kind, default in _OF_PRODUCTS),
            pl.lit(0, pl.Int64).alias("copy_fee_cents"),
            pl.lit(None, pl.String).alias("value_text"),
        ).select(*OWN)  # fmt: skip

    def _counted(self, values: Mapping[str, Any], tell: Tell) -> tuple[int, int, int, int, int]:
        """Places of both sets, how many products were left out as restricted, and places of what
        was left out of each; -1 for none.
        """
        heard: list[str] = []

        def telling(column: str, detail: str, remedy: str) -> None:
            heard.append(column)
            tell(column, detail, remedy)

        goods = self._goods
        members = goods.members(values, telling)
        counted, second, restricted = members.first, members.second, members.restricted
        if not counted and not heard:
            said = "no product of the catalogue counts for this deal"
            if restricted:
                said = "all products that would count are restricted"
            tell("eligible_gtins", said, "name GTINs, items, categories or brands")
        has_second = "with_gtins" in values or "with_items" in values
        if has_second and not second:
            tell("with_gtins", "no product of the catalogue is in the second set", "name others")
        return (
            goods.place_of(counted) if counted else -1,
            goods.place_of(second) if has_second else -1,
            restricted,
            goods.place_of_exclusion(members.first_excluded),
            goods.place_of_exclusion(members.second_excluded),
        )


def _at(name: str, values: Sequence[Any], kind: Any, places: Spots) -> pl.Series:
    """Values by their places, null at -1."""
    known = pl.Series(name, [*values, None], kind)
    return known.gather(np.where(places < 0, len(values), places))


def _terms(values: Mapping[str, Any], tell: Tell) -> tuple[Terms | None, str | None]:
    """The terms of a row, and as they are stored."""
    has_second = "with_gtins" in values or "with_items" in values
    terms = terms_of(values, has_second=has_second, tell=tell)
    if terms is None:
        return None, None
    return terms, terms.to_json()


def _shared(grid: Grid, spots: Spots, asked: Asked) -> pl.DataFrame:
    """The columns that deals of both kinds have."""
    spoken = _spoken(grid.columns)
    found, of = asked.kinds(spots, [name for name, _, _ in spoken])
    texts = [_texts(values, spoken) for values, _, _ in found]
    found, aimed = asked.kinds(spots, tuple(_TARGETS.values()))
    targets = [_targets(values) for values, _, _ in found]
    return pl.DataFrame(
        [
            *(grid.series(of_row, kind, default).gather(spots).alias(name)
              for name, of_row, kind, default in _OF_BOTH),
            pl.Series("texts", texts, pl.String).gather(of),
            pl.Series("targets", targets, pl.String).gather(aimed),
        ]
    )  # fmt: skip


def _texts(values: Mapping[str, Any], spoken: Sequence[tuple[str, str, str]]) -> str:
    texts: dict[str, dict[str, str]] = {}
    for name, stem, language in spoken:
        if name in values:
            texts.setdefault(language, {})[stem] = values[name]
    return _object(texts)


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


def _check_windows(values: Mapping[str, Any], tell: Tell) -> None:
    for first, last in WINDOWS:
        if first in values and last in values and values[first] > values[last]:
            tell(last, f"{values[last]} is before {first} {values[first]}", "swap the dates")
    dates = [values[name] for name in ("redeem_from", "redeem_to") if name in values]
    if dates == sorted(dates) and dates and values["mail_from"] > dates[-1]:
        said = f"{values['redeem_to']} is before the first mailing {values['mail_from']}"
        tell("redeem_to", said, "redeem after mailing")


def _check_circulation(values: Mapping[str, Any], tell: Tell) -> None:
    low, high = values.get("circulation_min"), values.get("circulation_max")
    if low is not None and high is not None and low > high:
        tell("circulation_min", f"{low} is more than circulation_max {high}", "lower it")


def _face_values(
    values: Mapping[str, Any], terms: Terms | None, tell: Tell
) -> tuple[int | None, str]:
    """The face value, and as JSON nine amounts in the order of the cells, or none of them.

    A benefit with a face value of its own takes off its cell's amount; of any other it is what is
    printed and reserved, while the terms are the same for all.
    """
    assert terms is not None
    amount = terms.benefit.face_value_cents
    face = values.get("face_value", amount)
    if face is None:
        tell("face_value", "is empty", "say what the list prints as its worth")
        return None, "[]"
    given = [values.get(name) for name in FACE_VALUES]
    if given == _NO_FACES:
        return face, "[]"
    usual = face if amount is None else amount
    return face, json.dumps([usual if each is None else each for each in given])


def _object(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False) if content else "{}"
