"""The columns and filters of the table of deals, and what it asks the database for."""

from collections.abc import Sequence
from functools import partial

from service.admin.today import BEHIND_GUARANTEE, SHORT_OF_BUDGET
from service.engine.lifecycle import DealState
from service.engine.money import format_money
from service.pages import labels
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Filter, FilterKind, Kind, View
from service.pages.listing.columns import Row
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder

SHOWN_STATES = tuple(state for state in DealState if state is not DealState.REPLACED)
NEEDS = {
    "budget": (mark("Under 10% of budget left"), SHORT_OF_BUDGET),
    "guarantee": (mark("Fewer copies than promised"), BEHIND_GUARANTEE),
}
ORDERS = tuple(map(str, DealOrder))


def deal_filters(
    language: Language, *, suppliers: Sequence[str], categories: Sequence[str]
) -> list[Filter]:
    """The filters, in the words of a language."""
    text = language.text
    return [
        Filter("text", text("Title or number"), FilterKind.TEXT),
        Filter(
            "state",
            text("State"),
            FilterKind.SEVERAL,
            [(state, labels.state(language, state)) for state in SHOWN_STATES],
        ),
        Filter("supplier", text("Supplier"), FilterKind.ONE, [(each, each) for each in suppliers]),
        Filter("category", text("Category"), FilterKind.ONE, [(each, each) for each in categories]),
        Filter(
            "need",
            text("Needs attention"),
            FilterKind.ONE,
            [(name, text(words)) for name, (words, _) in NEEDS.items()],
        ),
    ]


def filter_of(view: View) -> DealFilter:
    """Which deals a view asks for."""
    need = NEEDS.get(view.one("need"))
    asked = need[1] if need else DealFilter()
    return DealFilter(
        states=[DealState(state) for state in view.several("state")],
        supplier=view.one("supplier"),
        category=view.one("category"),
        text=view.one("text"),
        left_below_percent=asked.left_below_percent,
        behind_guarantee=asked.behind_guarantee,
    )


def deal_columns(currency: str) -> list[Column]:
    """The columns, with amounts in a currency."""
    budget, spent = (partial(each, currency=currency) for each in (_budget, _spent))
    return [
        Column("deal", mark("Deal"), _deal, ("title", "title_last"), always=True),
        Column("state", mark("State"), _state),
        Column("value", mark("Gives"), _value, is_long=True),
        Column("supplier", mark("Supplier"), _supplier, usual=False),
        Column("category", mark("Category"), _category, usual=False),
        Column("mailed", mark("Mailed"), _mailed, usual=False),
        Column("until", mark("Redeemed until"), _until, ("ends_first", "ends_last")),
        Column("budget", mark("Budget"), budget, ("budget", "budget_least"), falls_first=True),
        Column("copies", mark("Copies out"), _copies, is_number=True),
        Column("spent", mark("Spent"), spent, usual=False, is_number=True),
        Column("products", mark("Products"), _products, usual=False, is_number=True),
        Column("loaded_by", mark("Loaded by"), _loaded_by, usual=False),
        Column("number", mark("Number"), _number, ("newest", "oldest"), usual=False,
               is_number=True, falls_first=True),
    ]  # fmt: skip


def _deal(row: Row, _language: Language) -> Cell:
    return Cell(
        row["title"],
        Kind.LINK,
        below=f"{row['supplier']} · {row['deal_id']}",
        path=f"/deals/{row['offer_id']}",
        plain=f"{row['title']} ({row['deal_id']})",
    )  # fmt: skip


def _value(row: Row, _language: Language) -> Cell:
    return Cell(row["value"])


def _supplier(row: Row, _language: Language) -> Cell:
    return Cell(row["supplier"])


def _category(row: Row, _language: Language) -> Cell:
    return Cell(row["category"])


def _state(row: Row, language: Language) -> Cell:
    return Cell(labels.state(language, row["state"]), Kind.STATE, tone=row["state"])


def _mailed(row: Row, language: Language) -> Cell:
    first, last = row["mail_from"], row["mail_to"]
    return Cell(f"{language.day(first)} – {language.day(last)}", plain=f"{first} {last}")


def _until(row: Row, language: Language) -> Cell:
    return Cell(language.day(row["redeem_to"]), plain=row["redeem_to"].isoformat())


def _budget(row: Row, language: Language, *, currency: str) -> Cell:
    budget = row["budget_cents"]
    committed = row["reserved_cents"] + row["spent_cents"]
    if budget is None:
        return Cell(language.text("No limit"), plain="")
    share = committed / budget if budget else 0.0
    return Cell(
        format_money(budget, currency, language.tag),
        Kind.METER,
        below=language.text("%(share)s reserved or spent", share=language.percent(share)),
        share=min(1.0, share),
        plain=str(budget),
    )


def _copies(row: Row, language: Language) -> Cell:
    most = row["circulation_max"]
    below = language.text("of %(most)s", most=language.number(most)) if most is not None else ""
    return Cell(language.number(row["issued"]), Kind.NUMBER, below, plain=str(row["issued"]))


def _spent(row: Row, language: Language, *, currency: str) -> Cell:
    text = format_money(row["spent_cents"], currency, language.tag)
    return Cell(text, Kind.NUMBER, plain=str(row["spent_cents"]))


def _products(row: Row, language: Language) -> Cell:
    return Cell(language.number(row["products"]), Kind.NUMBER, plain=str(row["products"]))


def _loaded_by(row: Row, _language: Language) -> Cell:
    return Cell(row["uploaded_by"])


def _number(row: Row, _language: Language) -> Cell:
    return Cell(str(row["offer_id"]), Kind.NUMBER)
