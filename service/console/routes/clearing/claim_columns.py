"""The columns of claims, and of the lines of one."""

from service.console.routes.clearing.base import PATH
from service.engine.clearing.claim import ClaimLine
from service.pages import clearing_words
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.amounts import amount, plain_amount
from service.pages.listing.columns import Row
from service.store.clearing.claims import Summary


def claim_columns(currency: str) -> list[Column]:
    """The columns of the table of claims."""

    def claim(row: Row) -> Summary:
        found: Summary = row["claim"]
        return found

    return [
        Column("number", mark("Claim"), lambda row, _: _named(claim(row)), always=True),
        Column("account", mark("Account"), lambda row, _: Cell(
            claim(row).legal_name, below=claim(row).account)),
        Column("state", mark("State"), lambda row, language: Cell(
            clearing_words.claim_state(language, claim(row).state), Kind.BADGE,
            tone=clearing_words.claim_tone(claim(row).state))),
        Column("drawn_to", mark("Drawn up to"), lambda row, language: Cell(
            language.day(claim(row).drawn_to), plain=claim(row).drawn_to.isoformat())),
        Column("issued_on", mark("Issued"), lambda row, language: _day(
            claim(row).issued_on, language)),
        Column("due_on", mark("Due"), lambda row, language: _day(claim(row).due_on, language)),
        Column("total", mark("Comes to"), lambda row, language: amount(
            claim(row).total_cents, currency, language), is_number=True),
        Column("open", mark("Open"), lambda row, language: amount(
            claim(row).open_cents, currency, language), is_number=True),
    ]  # fmt: skip


def line_columns(currency: str) -> list[Column]:
    """The columns of the file of a claim's lines."""

    def line(row: Row) -> ClaimLine:
        found: ClaimLine = row["line"]
        return found

    def money(cents: int) -> Cell:
        return Cell(plain_amount(cents, currency))

    return [
        Column("line", mark("Line"), lambda row, _: Cell(str(line(row).line))),
        Column("supplier", mark("Supplier"), lambda row, _: Cell(line(row).supplier)),
        Column("deal", mark("Deal"), lambda row, _: Cell(line(row).deal_ref)),
        Column("title", mark("Title"), lambda row, _: Cell(line(row).title)),
        Column("store", mark("Store"), lambda row, _: Cell(line(row).store_id or "")),
        Column("late_of", mark("Belongs to"), lambda row, _: Cell(line(row).late_of or "")),
        Column("uses", mark("Uses"), lambda row, _: Cell(str(line(row).redemptions))),
        Column("discounts", mark("Discounts"), lambda row, _: money(line(row).redeemed_cents)),
        Column("share", mark("Share"), lambda row, _: money(line(row).share_cents)),
        Column("fee", mark("Fee"), lambda row, _: money(line(row).fee_cents)),
        Column("slots", mark("Slots"), lambda row, _: money(line(row).slot_cents)),
        Column("total", mark("Comes to"), lambda row, _: money(line(row).total_cents)),
    ]


def _named(row: Summary) -> Cell:
    number = row.number or f"#{row.id}"
    return Cell(number, Kind.LINK, path=f"{PATH}/claims/{row.id}", plain=number)


def _day(day: object, language: Language) -> Cell:
    return Cell("" if day is None else language.day(day), plain="" if day is None else str(day))  # type: ignore[arg-type]
