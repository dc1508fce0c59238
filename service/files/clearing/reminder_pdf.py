"""A reminder of claims that are past due, as PDF/A."""

from collections.abc import Sequence
from datetime import date

from service.engine.clearing.ageing import DueReminder, OwedClaim
from service.engine.clearing.claim import SupplierAccount
from service.engine.clearing.retailer import Retailer
from service.files.clearing.letterhead import Heading, Letter
from service.files.clearing.ruled_table import NumberColumn, RuledTable
from service.files.clearing.words import Words, words_of


def reminder_pdf(
    reminder: DueReminder, account: SupplierAccount, retailer: Retailer, *, as_of: date
) -> bytes:
    """The reminder that is written to an account on a day."""
    words = words_of(account.language, account.currency)
    letter = Letter(words, retailer, account)
    facts = [(words["date"], words.day(as_of)), (words["account"], account.number)]
    title = words["reminder"]
    letter.open(Heading(title, "", f"{account.number} / {reminder.level}"), facts)
    letter.paragraph(words["reminder_text"])
    _claims(letter, reminder.claims, as_of)
    letter.totals([(words["open"], words.money(reminder.open_cents), True)])
    numbers = ", ".join(claim.number for claim in reminder.claims)
    paid_to = letter.payment_account()
    letter.paragraph(
        words.say(
            "pay" if paid_to else "pay_no_account",
            amount=words.money(reminder.open_cents),
            due=words.day(reminder.answer_by),
            account=paid_to,
            number=numbers,
        ),
        strong=True,
    )
    letter.paragraph(
        words.say("reminder_last", level=reminder.level, date=words.day(reminder.answer_by))
    )
    return letter.close(title=f"{title} {account.number}", made_on=as_of)


def _claims(letter: Letter, claims: Sequence[OwedClaim], as_of: date) -> None:
    words = letter.words
    has_disputes = any(claim.disputed_cents for claim in claims)
    table = RuledTable(letter, words["claim"], _columns(words, has_disputes=has_disputes))
    table.head()
    for claim in claims:
        numbers = [words.count((as_of - claim.due_on).days), words.number(claim.open_cents)]
        amounts = [0, claim.open_cents]
        if has_disputes:
            numbers.append(words.number(claim.disputed_cents))
            amounts.append(claim.disputed_cents)
        due = f"{words['due']} {words.day(claim.due_on)}"
        table.row(claim.number, numbers, amounts, detail=due)
        table.rule()
    table.total(f"{words['sum']} · {words.say('in_currency', currency=words.currency)}")


def _columns(words: Words, *, has_disputes: bool) -> list[NumberColumn]:
    columns = [
        NumberColumn(words["days_late"], 90),
        NumberColumn(words["open"], 110, carried=True),
    ]
    if has_disputes:
        columns.append(NumberColumn(words["disputed"], 100, carried=True))
    return columns
