"""The form of a deal: every column, what it means, and what suppliers call it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from service.engine.allocate.value import CELLS
from service.engine.records import DealKind
from service.engine.redeem import BENEFITS, Covers
from service.engine.redeem.units import MEASURES, PIECE
from service.engine.segment import BELOW_ZERO, MOST_GROWABLE, MOST_VALUABLE, REGULAR
from service.files.headers import plain

UNITS = (PIECE, *MEASURES)
TIERS = (MOST_VALUABLE, MOST_GROWABLE, REGULAR, BELOW_ZERO)
FACE_VALUES = tuple(f"face_value_{cell}" for cell in CELLS)
REMARKS = "Larder remarks"
_LANGUAGE = re.compile(r"^(title|legal text) ([a-z]{2})$")


class Buyers(StrEnum):
    """Whether a household buys the products of a deal, used to, or never did."""

    NEW = "new"
    LAPSED = "lapsed"
    CURRENT = "current"


class CellKind(StrEnum):
    """How the text of a column's cells is read."""

    TEXT = "text"
    NAMES = "names"
    GTINS = "gtins"
    MONEY = "money"
    NUMBER = "number"
    SHARE = "share"
    COUNT = "count"
    DAY = "day"
    CHOICE = "choice"
    CHOICES = "choices"


class Required(StrEnum):
    """Which deals must have a column filled in."""

    ALL = "yes"
    PRODUCTS = "for products"
    NONE = "no"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column of the form. `also` are its other names, as `plain` returns them.

    `low` and `high` bound a number, in the unit it is written in; `default` is what an empty cell
    means, written as a cell.
    """

    name: str
    kind: CellKind
    meaning: str
    example: str = ""
    required: Required = Required.NONE
    default: str = ""
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 10_000_000


_NAMES = "names with ; between"

COLUMNS = (
    SheetColumn("deal_id", CellKind.TEXT, "the deal's name between supplier and retailer",
        "2026-14-017", Required.ALL, also=("deal", "deal no", "deal number", "deal nr", "promo id",
        "promotion id", "offer id", "aktionsnummer", "aktion nr", "id de oferta", "code promo",
        "numero promo", "活动编号", "促销编号")),
    SheetColumn("supplier", CellKind.TEXT, "who pays; the supplier of some product, or a partner",
        "Dale Foods", Required.ALL, also=("vendor", "vendor name", "supplier name", "manufacturer",
        "funded by", "lieferant", "hersteller", "fournisseur", "proveedor", "供应商")),
    SheetColumn("kind", CellKind.CHOICE, "`product`, or `partner` for a slot without goods",
        "product", default="product", also=("deal kind", "type of deal"), choices=tuple(DealKind)),
    SheetColumn("title", CellKind.TEXT, "printed on the list, without the value", "Dale Milk 1 l",
        Required.ALL, also=("headline", "offer title", "deal title", "description", "titel",
        "bezeichnung", "titre", "titulo", "标题", "活动名称")),
    SheetColumn("eligible_gtins", CellKind.GTINS, "GTINs that count, `;` between them",
        "2000000000015; 2000000000053", also=("gtin", "gtins", "ean", "eans", "upc", "upcs",
        "barcode", "barcodes", "gtin ean", "ean gtin", "upc gtin", "ean code", "eligible upcs",
        "eligible upc", "eligible gtin", "eligible eans", "products", "条形码", "条码")),
    SheetColumn("eligible_items", CellKind.NAMES, "items that count, `;` between them", "Milk",
        also=("item", "items", "eligible item")),
    SheetColumn("eligible_categories", CellKind.NAMES, "categories that count, `;` between them",
        "Dairy", also=("category", "categories", "eligible category", "kategorie", "categorie",
        "categoria", "类别")),
    SheetColumn("eligible_brands", CellKind.NAMES, "brands that count, `;` between them", "Dale",
        also=("brand", "brands", "eligible brand", "marke", "marken", "marque", "marca", "品牌")),
    SheetColumn("excluded_gtins", CellKind.GTINS, "GTINs that do not count after all",
        "2000000000053", also=("excluded gtin", "excluded upcs", "excluded eans", "exclusions",
        "excluding", "except")),
    SheetColumn("excluded_items", CellKind.NAMES, "items that do not count after all", "Cream"),
    SheetColumn("excluded_categories", CellKind.NAMES, "categories that do not count after all",
        "Spirits"),
    SheetColumn("excluded_brands", CellKind.NAMES, "brands that do not count after all", "House"),
    SheetColumn("with_gtins", CellKind.GTINS, "GTINs that must be bought as well, a second set",
        "2000000000022"),
    SheetColumn("with_items", CellKind.NAMES, "items that must be bought as well, a second set",
        "Bread"),
    SheetColumn("with_quantity", CellKind.COUNT, "how many of the second set one use takes", "1",
        default="1", low=1, high=1000),
    SheetColumn("benefit", CellKind.CHOICE, "what comes off; see the benefits", "amount_off",
        Required.PRODUCTS, choices=tuple(BENEFITS), also=("mechanic", "offer type", "deal type",
        "promo type", "benefit type", "aktionsart", "type d offre", "tipo de oferta", "优惠类型")),
    SheetColumn("value", CellKind.NUMBER, "an amount, a per cent, or points, as the benefit says",
        "1.00", Required.PRODUCTS, also=("discount", "discount value", "amount", "allowance",
        "allowance per unit", "offer value", "rabatt", "wert", "remise", "valeur", "descuento",
        "valor", "优惠金额")),
    SheetColumn("get_quantity", CellKind.COUNT, "for `buy_get`: how many are got", "1", low=1,
        high=1000, also=("get", "free quantity")),
    SheetColumn("benefit_cap", CellKind.MONEY,
        "the most that one use of a `percent_off` takes off", "5.00", low=0.01,
        also=("maximum discount", "max discount")),
    SheetColumn("covers", CellKind.CHOICE,
        "whether a per cent or a fixed price reaches the units needed or " "all that count", "all",
        default="needed", choices=tuple(Covers)),
    SheetColumn("min_quantity", CellKind.NUMBER, "how much one use takes, in `unit`", "2",
        default="1", low=0.001, high=1000, also=("minimum quantity", "min qty", "buy quantity",
        "quantity", "qty", "mindestmenge", "quantite", "cantidad", "数量")),
    SheetColumn("unit", CellKind.CHOICE, "`each`, or a weight or volume for weighed goods", "kg",
        default="each", choices=UNITS, also=("unit of measure", "uom", "einheit")),
    SheetColumn("min_spend", CellKind.MONEY, "what must be spent on the products that count",
        "10.00", default="0", also=("minimum spend", "spend threshold", "mindestumsatz")),
    SheetColumn("uses_per_basket", CellKind.COUNT,
        "the most uses in one basket; empty is no limit", "1", low=1, high=1000,
        also=("limit per basket", "limit per transaction")),
    SheetColumn("face_value", CellKind.MONEY, "worth of one use as printed and as reserved",
        "1.00", also=("printed value", "coupon value", "nennwert", "面值")),
    *(SheetColumn(name, CellKind.MONEY, f"the face value for the cell `{cell}`", "0.75", low=0.01)
        for name, cell in zip(FACE_VALUES, CELLS, strict=True)),
    SheetColumn("funding_share_percent", CellKind.SHARE,
        "the supplier's part of the discount; 0 is the " "retailer's own deal", "100",
        Required.PRODUCTS, high=100, also=("funding share", "funding", "funding %",
        "funding share %", "vendor funding %", "supplier share", "supplier share %",
        "vendor share", "finanzierung", "finanzierungsanteil", "participation fournisseur",
        "financiacion", "供应商承担比例")),
    SheetColumn("funding_cap", CellKind.MONEY, "the most the supplier bears of one redemption",
        "0.80", low=0.01, also=("cap per redemption", "maximum funding", "max funding")),
    SheetColumn("handling_fee", CellKind.MONEY, "paid by the supplier for each redemption", "0.08",
        default="0", also=("clearing fee", "fee", "fee per redemption", "handling",
        "bearbeitungsgebuhr")),
    SheetColumn("copy_fee", CellKind.MONEY, "for partners: what is paid for each copy printed",
        "0.15", low=0.01, also=("fee per copy", "cost per copy")),
    SheetColumn("value_text", CellKind.TEXT, "for partners: what is printed in place of a discount",
        "first visit free", also=("offer text",)),
    SheetColumn("budget", CellKind.MONEY, "the most it may cost the supplier; empty is no limit",
        "1,200.00", high=10_000_000_000, also=("total budget", "budget total", "maximum budget",
        "预算", "presupuesto")),
    SheetColumn("circulation_max", CellKind.COUNT,
        "the most lists it may be on; empty is no limit", "5000", low=1, high=1_000_000_000,
        also=("circulation", "maximum circulation", "max circulation", "max copies",
        "maximum copies", "auflage", "tirage", "发行量")),
    SheetColumn("circulation_min", CellKind.COUNT, "the number of lists that was promised", "500",
        low=1, high=1_000_000_000, also=("guaranteed circulation", "minimum circulation",
        "min circulation", "guaranteed copies", "mindestauflage")),
    SheetColumn("mail_from", CellKind.DAY, "first day a list with the deal may be issued",
        "2026-04-01", Required.ALL, also=("mail start", "mail date from", "mail window from",
        "mail window start", "mailing from", "mailing start", "mail window first day",
        "versand von", "envoi du", "邮寄开始")),
    SheetColumn("mail_to", CellKind.DAY, "last day a list with the deal may be issued",
        "2026-04-30", Required.ALL, also=("mail end", "mail date to", "mail window to",
        "mail window end", "mailing to", "mailing end", "mail window last day", "versand bis",
        "envoi au", "邮寄结束")),
    SheetColumn("redeem_from", CellKind.DAY, "first day at the till", "2026-04-01",
        Required.PRODUCTS, also=("redeem start", "redemption start", "redemption from",
        "redemption window from", "redemption window start", "valid from", "start date",
        "gultig von", "gultig ab", "valable du", "valido desde", "开始日期")),
    SheetColumn("redeem_to", CellKind.DAY, "last day at the till", "2026-05-14", Required.PRODUCTS,
        also=("redeem end", "redemption end", "redemption to", "redemption window to",
        "redemption window end", "valid to", "valid until", "end date", "expiry", "expiry date",
        "gultig bis", "valable au", "valido hasta", "结束日期")),
    SheetColumn("limit_per_household", CellKind.COUNT,
        "how often one household may use it, over all its lists", "1", default="1", low=1,
        high=1000, also=("limit", "limit per customer", "household limit", "limit per hh",
        "每户限用")),
    SheetColumn("target_cells", CellKind.CHOICES, "only households of these cells of the category",
        "switcher_heavy; store_brand_heavy", choices=CELLS, also=("cells",)),
    SheetColumn("target_tiers", CellKind.CHOICES, "only households of these tiers",
        "most_valuable; most_growable", choices=TIERS, also=("tiers", "tier")),
    SheetColumn("target_regions", CellKind.NAMES,
        "only households whose address is in these regions", "KY; OH", also=("regions", "region",
        "state", "states")),
    SheetColumn("target_stores", CellKind.NAMES,
        "only households that mostly shop in these stores", "0042; 0330", also=("stores", "store",
        "store numbers", "filialen")),
    SheetColumn("target_buyers", CellKind.CHOICES,
        "only new, lapsed or current buyers of the products", "new; lapsed", choices=tuple(Buyers),
        also=("buyers",)),
    SheetColumn("control_share_percent", CellKind.SHARE,
        "households that never get it, so that its effect " "can be measured", "10", default="0",
        high=100, also=("control share", "control group", "control group %", "control %",
        "holdout %")),
    SheetColumn("legal_text", CellKind.TEXT, "small print", "Limit one per household.",
        also=("legal", "terms", "terms and conditions", "small print", "disclaimer",
        "kleingedrucktes", "mentions legales")),
)  # fmt: skip

LIMITS = frozenset((
    "budget", "circulation_max", "circulation_min", "limit_per_household", "uses_per_basket",
    "funding_cap", "benefit_cap", "min_quantity", "min_spend", "with_quantity", "with_gtins",
    "with_items", "excluded_gtins", "excluded_items", "excluded_categories", "excluded_brands",
))  # fmt: skip
"""Columns that limit what a deal gives or costs: none of them is left out in silence."""

BY_NAME = {column.name: column for column in COLUMNS}

# A condition that Larder cannot enforce is refused, never ignored.
REFUSED = dict.fromkeys(
    ("age", "minimum age", "min age", "age limit", "age restriction", "mindestalter"),
    "Larder cannot ask for an age: goods with an age limit are never on a list",
)

_KNOWN = {plain(column.name): column.name for column in COLUMNS} | {
    plain(name): column.name for column in COLUMNS for name in column.also
}


def column_named(header: str) -> str | None:
    """The column that a header names, `title_de` and `legal_text_de` among them; or None."""
    words = plain(header)
    spoken = _LANGUAGE.match(words)
    if spoken:
        return f"{spoken[1].replace(' ', '_')}_{spoken[2]}"
    return _KNOWN.get(words)


def column_of(name: str) -> SheetColumn:
    """The column of a name that `column_named` returned."""
    return BY_NAME.get(name) or SheetColumn(name, CellKind.TEXT, "text in this language")


def expected(column: SheetColumn) -> str:
    """What a good cell of a column looks like, in a few words."""
    if column.kind in (CellKind.CHOICE, CellKind.CHOICES):
        return (
            f"{'one' if column.kind is CellKind.CHOICE else 'some'} of {', '.join(column.choices)}"
        )
    if column.kind is CellKind.COUNT:
        return f"a whole number from {column.low:g} to {column.high:,.0f}"
    return {
        CellKind.TEXT: "text",
        CellKind.NAMES: _NAMES,
        CellKind.GTINS: "GTINs with ; between",
        CellKind.MONEY: "an amount of money, as 1.00",
        CellKind.NUMBER: "a number",
        CellKind.SHARE: "a whole per cent from 0 to 100",
        CellKind.DAY: "a date, as 2026-04-01",
    }[column.kind]
