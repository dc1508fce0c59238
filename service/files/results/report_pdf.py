"""A supplier's report of lift as PDF/A: what is estimated, pictures, counts, and its checks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.engine.clearing.claim import SupplierAccount
from service.engine.clearing.retailer import Retailer
from service.engine.lift.cube import CELL, REGION
from service.engine.lift.shown import (
    ShownCounts,
    ShownDeal,
    SupplierReport,
)
from service.files.clearing.letterhead import Heading, Letter
from service.files.clearing.ruled_table import NumberColumn, RuledTable
from service.files.clearing.words import words_of
from service.files.results.checks_table import draw_checks
from service.files.results.lift_picture import draw_lifts, draw_places
from service.files.results.sentences import sentences_of
from service.files.results.wording import NONE, Wording

_COUNTS = ("copies_given", "redemptions_n", "buyers", "new_buyers", "repeat_buyers")
_COLUMN, _WIDE_COLUMN = 66.0, 110.0


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What a document says of its release: its number, the day it was made, and its digest."""

    number: int
    made_on: date
    digest: str


def report_pdf(
    report: SupplierReport,
    release: ReleaseFacts,
    account: SupplierAccount,
    retailer: Retailer,
    *,
    language: str,
) -> bytes:
    """The report in a language; the same release gives the same bytes."""
    words = words_of(language, report.currency)
    letter, wording = Letter(words, retailer, account), Wording(words)
    kind = "results_deal" if report.totals is None else "results_period"
    subject = report.subject.partition(":")[2]
    letter.open(Heading(words[kind], report.supplier, subject), _facts(report, release, wording))
    letter.paragraph(words["estimand"])
    letter.paragraph(words["against_note"])
    if report.totals is not None:
        _totals(letter, wording, report)
    for deal in report.deals:
        _deal(letter, wording, deal)
    if any(window.lifts for deal in report.deals for window in deal.windows):
        letter.heading(words["checks"], least=130)
    for deal in report.deals:
        draw_checks(letter, wording, deal)
    for silent in sorted({str(each) for d in report.deals for w in d.windows for each in w.silent}):
        letter.paragraph(words.say("silent", stores=silent))
    letter.paragraph(words["hidden_note"])
    letter.paragraph(words["method_note"])
    return letter.close(title=f"{words[kind]} {subject}", made_on=release.made_on)


def _facts(
    report: SupplierReport, release: ReleaseFacts, wording: Wording
) -> list[tuple[str, str]]:
    words = wording.words
    return [
        (words["results_release"], f"{release.number} · {release.digest[:12]}"),
        (words["results_made"], words.day(release.made_on)),
        (words["period"], wording.days(report.first_day, report.last_day)),
        (words["results_currency"], report.currency),
    ]


def _totals(letter: Letter, wording: Wording, report: SupplierReport) -> None:
    totals, words = report.totals, letter.words
    assert totals is not None
    letter.heading(words["period_totals"])
    days = wording.days(report.first_day, report.last_day)
    _counts(letter, wording, words["window"], [(days, totals.counts)])
    said = wording.more_sales(totals)
    if said:
        letter.paragraph(said, strong=True)


def _deal(letter: Letter, wording: Wording, deal: ShownDeal) -> None:
    words = letter.words
    letter.heading(wording.deal(deal), least=170)
    counted = [window for window in deal.windows if not window.is_addendum]
    _counts(
        letter, wording, words["window"],
        [(wording.window(window), window.counts) for window in counted],
    )  # fmt: skip
    if any(window.lifts for window in deal.windows):
        letter.heading(words["what_copies_did"], least=110)
        draw_lifts(letter, wording, deal)
        _households(letter, wording, deal)
    first = counted[0] if counted else None
    if first is not None:
        _places(letter, wording, "by_region", "region", first.regions, wording.region)
        _places(letter, wording, "by_cell", "cell", first.cells, wording.cell)
        for side in (REGION, CELL):
            draw_places(letter, wording, first.lifts, side)
        if any(lift.regions or lift.cells for lift in first.lifts):
            letter.paragraph(words["exploratory"])


def _places(
    letter: Letter,
    wording: Wording,
    heading: str,
    title: str,
    counts: Mapping[str, ShownCounts],
    name: Callable[[str], str],
) -> None:
    if len(counts) > 1:
        letter.heading(letter.words[heading], least=80)
        rows = [(name(key), found) for key, found in counts.items()]
        _counts(letter, wording, letter.words[title], rows)


def _counts(
    letter: Letter, wording: Wording, title: str, rows: Sequence[tuple[str, ShownCounts]]
) -> None:
    """A table of counts; without uses where none has any."""
    kept = [name for name in _COUNTS if name != "redemptions_n" or any(f.uses for _, f in rows)]
    columns = [NumberColumn(letter.words[name], _COLUMN) for name in kept]
    table = RuledTable(letter, title, columns)
    table.head()
    for text, found in rows:
        numbers = (found.copies, found.uses, found.buyers, found.new, found.repeat)
        shown = dict(zip(_COUNTS, map(wording.count, numbers), strict=True))
        table.row(text, [shown[name] for name in kept])
        table.rule()
    letter.y += 6


def _households(letter: Letter, wording: Wording, deal: ShownDeal) -> None:
    """What a household paid, and what came of the money, by window and control."""
    words = letter.words
    rows = [(w, each) for w in deal.windows for each in w.lifts if each.sales is not None]
    if not rows:
        return
    letter.heading(words["per_household"], least=80)
    unit = wording.money(1.0)
    titles = (words["with_copy"], words["without_copy"], words["other_brands"])
    columns = [NumberColumn(title, _COLUMN) for title in titles]
    columns.append(NumberColumn(words.say("per_paid", unit=unit), _WIDE_COLUMN))
    table = RuledTable(letter, words["window"], columns)
    table.head()
    for window, lift in rows:
        rivals = NONE if lift.rivals is None else wording.money(lift.rivals.value, signed=True)
        numbers = [wording.money(lift.with_copy), wording.money(lift.without_copy), rivals]
        numbers.append(wording.per_money(lift))
        table.row(wording.window(window), numbers, detail=wording.against(lift))
        table.rule()
    letter.y += 4
    letter.paragraph(words["per_household_note"])
    for sentence in sentences_of(wording, deal):
        letter.paragraph(sentence)
