"""The statement of reimbursement as PDF/A.

Its first page carries all that a supplier needs to check it: agreement, products, stores, rate,
period and totals. By deal, by deal and store, and the products follow.
"""

from collections.abc import Sequence
from itertools import accumulate

from service.engine.clearing.claim import Claim, NamedParty, Settlement
from service.engine.clearing.retailer import Retailer
from service.engine.clearing.statement import DealSum, Statement, rate_of, statement_of
from service.files.clearing.letterhead import Heading, Letter
from service.files.clearing.ruled_table import NumberColumn, RuledTable
from service.files.clearing.words import Words, words_of

_WITH_FIRST = 24.0
"""What a deal's name keeps with it of its stores, in points."""
_MOST_SHOWN = 330
"""Characters of a list of products or stores on the first page."""


def statement_pdf(claim: Claim, retailer: Retailer, *, is_credit: bool = False) -> bytes:
    """The statement of a claim, or with `is_credit` the one that cancels it in full."""
    words = words_of(claim.account.language, claim.account.currency)
    letter = Letter(words, retailer, claim.account)
    statement = statement_of(claim)
    sign = -1 if is_credit else 1
    number = (claim.credit_number if is_credit else claim.number) or ""
    made_on = (claim.cancelled_on if is_credit else claim.issued_on) or claim.drawn_at.date()
    title = words["statement_credit" if is_credit else "statement"]
    subtitle = _subtitle(claim, words, is_credit=is_credit)
    letter.open(Heading(title, subtitle, number), _facts(claim, words, is_credit=is_credit))
    letter.wide_facts(_terms(claim, statement, words))
    letter.totals(_totals(claim, statement, words, sign=sign, is_credit=is_credit))
    _say_how_to_pay(letter, claim, is_credit=is_credit)
    letter.paragraph(words["reimbursement_note"])
    if statement.deals:
        _by_deal(letter, statement, sign)
        _by_store(letter, statement, sign)
        _products(letter, statement)
    return letter.close(title=f"{title} {number}".strip(), made_on=made_on)


def _subtitle(claim: Claim, words: Words, *, is_credit: bool) -> str:
    if is_credit:
        return words.say("cancels", number=claim.number, date=words.day(claim.issued_on))
    return "" if claim.number else words["draft"]


def _facts(claim: Claim, words: Words, *, is_credit: bool) -> list[tuple[str, str]]:
    account = claim.account
    number = claim.credit_number if is_credit else claim.number
    issued_on = claim.cancelled_on if is_credit else claim.issued_on
    facts = [
        (words["number"], number or "–"),
        (words["date"], words.day(issued_on)),
        (words["account"], account.number),
    ]
    if not is_credit:
        facts.insert(2, (words["due"], words.day(claim.due_on)))
    if account.tax_number:
        facts.append((words["your_tax_number"], account.tax_number))
    return facts


def _terms(claim: Claim, statement: Statement, words: Words) -> list[tuple[str, str]]:
    agreement = claim.agreement
    said = words.say(
        "agreement_text",
        ref=agreement.ref,
        revision=agreement.revision,
        **{"from": words.day(agreement.valid_from), "to": words.day(agreement.valid_to)},
    )
    period = words.say(
        "period_text", **{"from": words.day(claim.first_day), "to": words.day(claim.last_day)}
    )
    terms = [
        (words["agreement"], said),
        (words["period"], period if claim.first_day else "–"),
        (words["rate"], "; ".join(_rates(agreement.parties, words)) or words["rate_by_deal"]),
    ]
    if claim.account.brands:
        terms.append((words["brands"], ", ".join(claim.account.brands)))
    terms.append((words["products"], _shown_products(statement, words)))
    terms.append((words["stores"], _shown_stores(statement, words)))
    return terms


def _rates(parties: Sequence[NamedParty], words: Words) -> list[str]:
    """What each party bears, in order of rank."""
    rates = []
    for place, party in enumerate(parties, start=1):
        terms, supplier = party.terms, party.supplier
        if place == len(parties):
            said = words.say("rate_rest", supplier=supplier)
        elif terms.use_cents is not None:
            said = words.say("rate_use", supplier=supplier, amount=words.money(terms.use_cents))
        else:
            share = words.percent(terms.share_basis_points)
            said = words.say("rate_share", supplier=supplier, share=share)
        if terms.cap_cents is not None and place < len(parties):
            said += f", {words.say('rate_cap', amount=words.money(terms.cap_cents))}"
        rates.append(said)
    return rates


def _shown_products(statement: Statement, words: Words) -> str:
    shown, more = _first_of([f"{gtin:014d}" for gtin in statement.products])
    if not more:
        return f"{len(statement.products)}: {shown}" if shown else "–"
    return words.say("products_more", shown=shown, more=words.count(more))


def _shown_stores(statement: Statement, words: Words) -> str:
    shown, more = _first_of(statement.stores)
    count = words.count(len(statement.stores))
    if not more:
        return words.say("stores_text", count=count, shown=shown) if shown else "–"
    return words.say("stores_more", count=count, shown=shown, more=words.count(more))


def _first_of(names: Sequence[str]) -> tuple[str, int]:
    """As many names as can be shown, and how many more there are."""
    lengths = accumulate(len(name) + 2 for name in names)
    count = sum(1 for length in lengths if length <= _MOST_SHOWN)
    return ", ".join(names[:count]), len(names) - count


def _totals(
    claim: Claim, statement: Statement, words: Words, *, sign: int, is_credit: bool
) -> list[tuple[str, str, bool]]:
    def money(cents: int) -> str:
        return words.money(sign * cents)

    rate = words.percent(rate_of(statement.share_cents, statement.redeemed_cents))
    share = f"{words['share']} ({rate})" if rate else words["share"]
    rows = [
        (words["redemptions"], words.count(sign * statement.redemptions), False),
        (words["discounts"], money(statement.redeemed_cents), False),
        (share, money(statement.share_cents), False),
        (words["corrections"], money(statement.adjustment_cents), False),
        (words["statement_total"], money(statement.total_cents), True),
    ]
    services = claim.fee_cents + claim.slot_cents
    if services or claim.tax_cents:
        rows.append((words["services"], money(services), False))
        rows.append((words["services_tax"], money(claim.tax_cents), False))
    number = (claim.credit_number if is_credit else claim.number) or "–"
    rows.append((words.say("claim_total", number=number), money(claim.total_cents), True))
    if claim.number and not is_credit:
        rows.append((words["opening"], money(claim.opening_cents), False))
        rows.append((words["closing"], money(claim.closing_cents), True))
    return [row for row in rows if row[0] != words["corrections"] or claim.adjustment_cents]


def _say_how_to_pay(letter: Letter, claim: Claim, *, is_credit: bool) -> None:
    """One sentence on the money of the whole claim, and one on disputes."""
    words = letter.words
    total = words.money(abs(claim.total_cents))
    if claim.number is None:
        return
    if is_credit or claim.total_cents < 0:
        name = "credited" if (claim.total_cents > 0) == is_credit else "nothing_due"
        letter.paragraph(words.say(name, amount=total), strong=True)
        return
    if claim.total_cents == 0:
        letter.paragraph(words["nothing_due"], strong=True)
    elif claim.agreement.settlement is Settlement.SET_OFF:
        letter.paragraph(words.say("set_off", amount=total), strong=True)
    else:
        account = letter.payment_account()
        said = words.say(
            "pay" if account else "pay_no_account",
            amount=total,
            due=words.day(claim.due_on),
            account=account,
            number=claim.number,
        )
        letter.paragraph(said, strong=True)
    if claim.dispute_until is not None:
        letter.paragraph(words.say("dispute_note", date=words.day(claim.dispute_until)))


def _columns(words: Words, *, has_corrections: bool) -> list[NumberColumn]:
    columns = [
        NumberColumn(words["copies"], 56, is_count=True),
        NumberColumn(words["uses"], 58, carried=True, is_count=True),
        NumberColumn(words["discounts"], 74, carried=True),
        NumberColumn(words["rate"], 52),
        NumberColumn(words["share"], 74, carried=True),
    ]
    if has_corrections:
        columns.append(NumberColumn(words["corrections"], 62, carried=True))
    return columns


def _by_deal(letter: Letter, statement: Statement, sign: int) -> None:
    words = letter.words
    letter.heading(words["by_deal"])
    has_corrections = any(deal.adjustment_cents for deal in statement.deals)
    columns = _columns(words, has_corrections=has_corrections)
    title = f"{words['deal']} · {words.say('in_currency', currency=words.currency)}"
    table = RuledTable(letter, title, columns)
    table.head()
    for deal in statement.deals:
        amounts = [
            0,
            sign * deal.redemptions,
            sign * deal.redeemed_cents,
            0,
            sign * deal.share_cents,
            sign * deal.adjustment_cents,
        ][: len(columns)]
        numbers = [
            words.count(deal.circulation),
            words.count(amounts[1]),
            words.number(amounts[2]),
            words.percent(deal.rate_basis_points),
            words.number(amounts[4]),
            words.number(sign * deal.adjustment_cents),
        ][: len(columns)]
        table.row(f"{deal.deal_ref}  {deal.title}", numbers, amounts, detail=_detail(deal, words))
        table.rule()
    table.total(words["sum"])


def _detail(deal: DealSum, words: Words) -> str:
    late = words.say("late_of", number=deal.late_of) if deal.late_of else ""
    return " · ".join(filter(None, (deal.supplier, late)))


def _by_store(letter: Letter, statement: Statement, sign: int) -> None:
    words = letter.words
    letter.heading(words["by_store"], least=110)
    has_corrections = any(deal.adjustment_cents for deal in statement.deals)
    columns = _columns(words, has_corrections=has_corrections)[1:]
    table = RuledTable(letter, f"{words['deal']} / {words['store']}", columns)
    table.head()
    for deal in statement.deals:
        late = words.say("late_of", number=deal.late_of) if deal.late_of else ""
        name = " · ".join(filter(None, (f"{deal.deal_ref}  {deal.title}", late)))
        table.row(name, [""] * len(columns), strong=True, keep=_WITH_FIRST)
        for line in deal.lines:
            amounts = [
                sign * line.redemptions,
                sign * line.redeemed_cents,
                0,
                sign * line.share_cents,
                sign * line.adjustment_cents,
            ][: len(columns)]
            rate = rate_of(line.share_cents, line.redeemed_cents)
            numbers = [
                words.count(amounts[0]),
                words.number(amounts[1]),
                words.percent(rate),
                words.number(amounts[3]),
                words.number(sign * line.adjustment_cents),
            ][: len(columns)]
            table.row(line.store_id or words["no_store"], numbers, amounts, indent=10)
        table.rule()
    table.total(words["sum"])


def _products(letter: Letter, statement: Statement) -> None:
    """The products of each deal, where the first page could not hold them all."""
    if not _first_of([f"{gtin:014d}" for gtin in statement.products])[1]:
        return
    words = letter.words
    letter.heading(words["products_title"])
    for deal in statement.deals:
        gtins = sorted({gtin for line in deal.lines for gtin in line.products})
        listed = ", ".join(f"{gtin:014d}" for gtin in gtins)
        letter.paragraph(f"{deal.deal_ref}  {deal.title}", strong=True)
        for start in range(0, len(listed), 16 * 200):
            letter.paragraph(listed[start : start + 16 * 200].strip(", "))
