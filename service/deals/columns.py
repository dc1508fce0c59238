"""The form of a deal: every column, what it means, and what suppliers call it."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from service.engine.allocate.value import CELLS
from service.engine.records import DealKind
from service.engine.redeem import BENEFITS, Covers
from service.engine.redeem.units import MEASURES, PIECE
from service.engine.segment import BELOW_ZERO, MOST_GROWABLE, MOST_VALUABLE, REGULAR

UNITS = (PIECE, *MEASURES)
TIERS = (MOST_VALUABLE, MOST_GROWABLE, REGULAR, BELOW_ZERO)
FACE_VALUES = tuple(f"face_value_{cell}" for cell in CELLS)
REMARKS = "Larder remarks"
_ASCII_WORDS = re.compile(r"[a-z0-9]+|%")
_WORDS = re.compile(r"[^\W_]+|%")
_LANGUAGE = re.compile(r"^(title|legal text) ([a-z]{2})$")


class Buyers(StrEnum):
    """How a household stands to the products of a deal."""

    NEW = "new"
    LAPSED = "lapsed"
    CURRENT = "current"


class Kind(StrEnum):
    """How the text of a cell is read."""

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


class Asked(StrEnum):
    """Of which deals a column must be filled in."""

    ALL = "yes"
    PRODUCTS = "for products"
    NONE = "no"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the form. `also` are other names of it, as `plain` gives them.

    `low` and `high` bound a number, in the unit it is written in; `default` is what an empty cell
    means, written as a cell.
    """

    name: str
    kind: Kind
    meaning: str
    example: str = ""
    asked: Asked = Asked.NONE
    default: str = ""
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 10_000_000


@lru_cache(maxsize=1 << 17)
def plain(header: str) -> str:
    """A header as it is compared: small letters without accents, words with one blank between."""
    if header.isascii():
        return " ".join(_ASCII_WORDS.findall(header.lower()))
    folded = unicodedata.normalize("NFKD", header).casefold()
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return " ".join(_WORDS.findall(bare))


_NAMES = "names with ; between"

COLUMNS = (
    Column("deal_id", Kind.TEXT, "the deal's name between supplier and retailer", "2026-14-017",
           Asked.ALL, also=("deal", "deal no", "deal number", "deal nr", "promo id", "promotion id",
           "offer id", "aktionsnummer", "aktion nr", "id de oferta", "code promo", "numero promo",
           "活动编号", "促销编号")),
    Column("supplier", Kind.TEXT, "who pays; the supplier of some product, or a partner",
           "Dale Foods", Asked.ALL, also=("vendor", "vendor name", "supplier name", "manufacturer",
           "funded by", "lieferant", "hersteller", "fournisseur", "proveedor", "供应商")),
    Column("kind", Kind.CHOICE, "`product`, or `partner` for a slot without goods",
           "product", default="product", also=("deal kind", "type of deal"),
           choices=tuple(DealKind)),
    Column("title", Kind.TEXT, "printed on the list, without the value", "Dale Milk 1 l",
           Asked.ALL, also=("headline", "offer title", "deal title", "description", "titel",
           "bezeichnung", "titre", "titulo", "标题", "活动名称")),
    Column("eligible_gtins", Kind.GTINS, "GTINs that count, `;` between them",
           "2000000000015; 2000000000053", also=("gtin", "gtins", "ean", "eans", "upc", "upcs",
           "barcode", "barcodes", "gtin ean", "ean gtin", "upc gtin", "ean code", "eligible upcs",
           "eligible upc", "eligible gtin", "eligible eans", "products", "条形码", "条码")),
    Column("eligible_items", Kind.NAMES, "items that count, `;` between them", "Milk",
           also=("item", "items", "eligible item")),
    Column("eligible_categories", Kind.NAMES, "categories that count, `;` between them", "Dairy",
           also=("category", "categories", "eligible category", "kategorie", "categorie",
                 "categoria", "类别")),
    Column("eligible_brands", Kind.NAMES, "brands that count, `;` between them", "Dale",
           also=("brand", "brands", "eligible brand", "marke", "marken", "marque", "marca",
           "品牌")),
    Column("excluded_gtins", Kind.GTINS, "GTINs that do not count after all", "2000000000053",
           also=("excluded gtin", "excluded upcs", "excluded eans", "exclusions", "excluding",
                 "except")),
    Column("excluded_items", Kind.NAMES, "items that do not count after all", "Cream"),
    Column("excluded_categories", Kind.NAMES, "categories that do not count after all", "Spirits"),
    Column("excluded_brands", Kind.NAMES, "brands that do not count after all", "House"),
    Column("with_gtins", Kind.GTINS, "GTINs that must be bought as well, a second set",
           "2000000000022"),
    Column("with_items", Kind.NAMES, "items that must be bought as well, a second set", "Bread"),
    Column("with_quantity", Kind.COUNT, "how many of the second set one use takes", "1",
           default="1", low=1, high=1000),
    Column("benefit", Kind.CHOICE, "what comes off; see the benefits", "amount_off", Asked.PRODUCTS,
           choices=tuple(BENEFITS), also=("mechanic", "offer type", "deal type", "promo type",
           "benefit type", "aktionsart", "type d offre", "tipo de oferta", "优惠类型")),
    Column("value", Kind.NUMBER, "an amount, a per cent, or points, as the benefit says", "1.00",
           Asked.PRODUCTS, also=("discount", "discount value", "amount", "allowance",
           "allowance per unit", "offer value", "rabatt", "wert", "remise", "valeur", "descuento",
           "valor", "优惠金额")),
    Column("get_quantity", Kind.COUNT, "for `buy_get`: how many are got", "1", low=1, high=1000,
           also=("get", "free quantity")),
    Column("benefit_cap", Kind.MONEY, "the most that one use of a `percent_off` takes off", "5.00",
           low=0.01, also=("maximum discount", "max discount")),
    Column("covers", Kind.CHOICE, "whether a per cent or a fixed price reaches the units needed or "
           "all that count", "all", default="needed", choices=tuple(Covers)),
    Column("min_quantity", Kind.NUMBER, "how much one use takes, in `unit`", "2", default="1",
           low=0.001, high=1000, also=("minimum quantity", "min qty", "buy quantity", "quantity",
           "qty", "mindestmenge", "quantite", "cantidad", "数量")),
    Column("unit", Kind.CHOICE, "`each`, or a weight or volume for weighed goods", "kg",
           default="each", choices=UNITS, also=("unit of measure", "uom", "einheit")),
    Column("min_spend", Kind.MONEY, "what must be spent on the products that count", "10.00",
           default="0", also=("minimum spend", "spend threshold", "mindestumsatz")),
    Column("uses_per_basket", Kind.COUNT, "the most uses in one basket; empty is no limit", "1",
           low=1, high=1000, also=("limit per basket", "limit per transaction")),
    Column("face_value", Kind.MONEY, "worth of one use as printed and as reserved", "1.00",
           also=("printed value", "coupon value", "nennwert", "面值")),
    *(Column(name, Kind.MONEY, f"the face value for the cell `{cell}`", "0.75", low=0.01)
      for name, cell in zip(FACE_VALUES, CELLS, strict=True)),
    Column("funding_share_percent", Kind.SHARE, "the supplier's part of the discount; 0 is the "
           "retailer's own deal", "100", Asked.PRODUCTS, high=100, also=("funding share",
           "funding", "funding %", "funding share %", "vendor funding %", "supplier share",
           "supplier share %", "vendor share", "finanzierung", "finanzierungsanteil",
           "participation fournisseur", "financiacion", "供应商承担比例")),
    Column("funding_cap", Kind.MONEY, "the most the supplier bears of one redemption", "0.80",
           low=0.01, also=("cap per redemption", "maximum funding", "max funding")),
    Column("handling_fee", Kind.MONEY, "paid by the supplier for each redemption", "0.08",
           default="0", also=("clearing fee", "fee", "fee per redemption", "handling",
           "bearbeitungsgebuhr")),
    Column("copy_fee", Kind.MONEY, "for partners: what is paid for each copy printed", "0.15",
           low=0.01, also=("fee per copy", "cost per copy")),
    Column("value_text", Kind.TEXT, "for partners: what stands where a discount would",
           "first visit free", also=("offer text",)),
    Column("budget", Kind.MONEY, "the most it may cost the supplier; empty is no limit", "1,200.00",
           high=10_000_000_000, also=("total budget", "budget total", "maximum budget", "预算",
           "presupuesto")),
    Column("circulation_max", Kind.COUNT, "the most lists it may be on; empty is no limit", "5000",
           low=1, high=1_000_000_000, also=("circulation", "maximum circulation", "max circulation",
           "max copies", "maximum copies", "auflage", "tirage", "发行量")),
    Column("circulation_min", Kind.COUNT, "the number of lists that was promised", "500", low=1,
           high=1_000_000_000, also=("guaranteed circulation", "minimum circulation",
           "min circulation", "guaranteed copies", "mindestauflage")),
    Column("mail_from", Kind.DAY, "first day a list with the deal may be issued", "2026-04-01",
           Asked.ALL, also=("mail start", "mail date from", "mail window from", "mail window start",
           "mailing from", "mailing start", "mail window first day", "versand von", "envoi du",
           "邮寄开始")),
    Column("mail_to", Kind.DAY, "last day a list with the deal may be issued", "2026-04-30",
           Asked.ALL, also=("mail end", "mail date to", "mail window to", "mail window end",
           "mailing to", "mailing end", "mail window last day", "versand bis", "envoi au",
           "邮寄结束")),
    Column("redeem_from", Kind.DAY, "first day at the till", "2026-04-01", Asked.PRODUCTS,
           also=("redeem start", "redemption start", "redemption from", "redemption window from",
           "redemption window start", "valid from", "start date", "gultig von", "gultig ab",
           "valable du", "valido desde", "开始日期")),
    Column("redeem_to", Kind.DAY, "last day at the till", "2026-05-14", Asked.PRODUCTS,
           also=("redeem end", "redemption end", "redemption to", "redemption window to",
           "redemption window end", "valid to", "valid until", "end date", "expiry", "expiry date",
           "gultig bis", "valable au", "valido hasta", "结束日期")),
    Column("limit_per_household", Kind.COUNT,
           "how often one household may use it, over all its lists", "1",
           default="1", low=1, high=1000, also=("limit", "limit per customer", "household limit",
           "limit per hh", "每户限用")),
    Column("target_cells", Kind.CHOICES, "only households of these cells of the category",
           "switcher_heavy; store_brand_heavy", choices=CELLS, also=("cells",)),
    Column("target_tiers", Kind.CHOICES, "only households of these tiers",
           "most_valuable; most_growable", choices=TIERS, also=("tiers", "tier")),
    Column("target_regions", Kind.NAMES, "only households whose address is in these regions",
           "KY; OH", also=("regions", "region", "state", "states")),
    Column("target_stores", Kind.NAMES, "only households that mostly shop in these stores",
           "0042; 0330", also=("stores", "store", "store numbers", "filialen")),
    Column("target_buyers", Kind.CHOICES, "only new, lapsed or current buyers of the products",
           "new; lapsed", choices=tuple(Buyers), also=("buyers",)),
    Column("control_share_percent", Kind.SHARE, "households that never get it, so that its effect "
           "can be measured", "10", default="0", high=100, also=("control share", "control group",
           "control group %", "control %", "holdout %")),
    Column("legal_text", Kind.TEXT, "small print", "Limit one per household.",
           also=("legal", "terms", "terms and conditions", "small print", "disclaimer",
           "kleingedrucktes", "mentions legales")),
)  # fmt: skip

BY_NAME = {column.name: column for column in COLUMNS}

# What cannot be kept is said, never passed over.
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


def column_of(name: str) -> Column:
    """The column of a name that `column_named` gave."""
    return BY_NAME.get(name) or Column(name, Kind.TEXT, "text in this language")


def expected(column: Column) -> str:
    """What a good cell of a column looks like, in a few words."""
    if column.kind in (Kind.CHOICE, Kind.CHOICES):
        return f"{'one' if column.kind is Kind.CHOICE else 'some'} of {', '.join(column.choices)}"
    if column.kind is Kind.COUNT:
        return f"a whole number from {column.low:g} to {column.high:,.0f}"
    return {
        Kind.TEXT: "text",
        Kind.NAMES: _NAMES,
        Kind.GTINS: "GTINs with ; between",
        Kind.MONEY: "an amount of money, as 1.00",
        Kind.NUMBER: "a number",
        Kind.SHARE: "a whole per cent from 0 to 100",
        Kind.DAY: "a date, as 2026-04-01",
    }[column.kind]
