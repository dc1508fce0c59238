"""The columns of disputes."""

from service.console.routes.clearing.base import PATH
from service.engine.clearing.standing import number_of
from service.pages import clearing_words
from service.pages.languages import mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.amounts import amount


def dispute_columns(currency: str) -> list[Column]:
    """The columns of the table of disputes."""
    return [
        Column("number", mark("Dispute"), lambda row, _: Cell(
            str(row["dispute"].id), Kind.LINK, path=f"{PATH}/disputes/{row['dispute'].id}"),
            always=True),
        Column("claim", mark("Claim"), lambda row, language: Cell(
            number_of(row["claim"].series, row["claim"].serial) or "",
            below=language.text("line %(number)s", number=row["dispute"].line))),
        Column("part", mark("Of what"), lambda row, language: Cell(
            clearing_words.part(language, row["dispute"].part))),
        Column("reason", mark("Why"), lambda row, language: Cell(
            clearing_words.dispute_reason(language, row["dispute"].reason))),
        Column("state", mark("State"), lambda row, language: Cell(
            clearing_words.dispute_state(language, row["dispute"].state), Kind.BADGE,
            tone=clearing_words.dispute_tone(row["dispute"].state))),
        Column("answer_by", mark("Answer by"), lambda row, language: Cell(
            language.day(row["dispute"].answer_by), plain=row["dispute"].answer_by.isoformat())),
        Column("amount", mark("In dispute"), lambda row, language: amount(
            row["dispute"].claimed_cents, currency, language), is_number=True),
        Column("accepted", mark("Accepted"), lambda row, language: amount(
            row["dispute"].accepted_cents, currency, language), is_number=True),
    ]  # fmt: skip
