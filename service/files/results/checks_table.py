"""What a report says about itself: were the arms drawn as said, and alike before?"""

from collections.abc import Iterator

from service.engine.lift.shown import ShownDeal, ShownLift
from service.files.clearing.letterhead import Letter
from service.files.clearing.ruled_table import NumberColumn, RuledTable
from service.files.results.wording import NONE, Wording

_COLUMN = 170.0


def draw_checks(letter: Letter, wording: Wording, deal: ShownDeal) -> None:
    """The checks of a deal, a table for each window and control."""
    for window in deal.windows:
        for lift in window.lifts:
            name = f"{deal.deal_ref} · {wording.window(window)}, {wording.against(lift)}"
            number = wording.words.say("results_reports", number=lift.report_id)
            letter.room(130)
            table = RuledTable(letter, name, [NumberColumn(number, _COLUMN)])
            table.head()
            for text, value in checks_of(wording, lift):
                table.row(text, [value])
            letter.y += 8


def checks_of(wording: Wording, lift: ShownLift) -> Iterator[tuple[str, str]]:
    """The checks of a comparison in words: what, and what came of it."""
    words, checks = wording.words, lift.checks
    households = f"{wording.count(lift.households)} · {wording.count(lift.controls)}"
    yield words["check_households"], households
    yield words["check_given"], wording.percent(lift.given_share)
    ratio = {
        "expected": _one_decimal(wording, checks.expected_share),
        "found": NONE if checks.share is None else _one_decimal(wording, checks.share),
        "p": wording.chance(checks.ratio_p),
    }
    yield words["check_ratio"], words.say("ratio_text", **ratio)
    placebo = NONE
    if checks.placebo is not None:
        value = wording.money(checks.placebo.value, signed=True)
        placebo = words.say("placebo_text", value=value, p=wording.chance(checks.placebo_p))
    yield words["check_placebo"], placebo
    apart = max((each.apart for each in checks.balance.values()), key=abs, default=None)
    yield words["check_balance"], NONE if apart is None else wording.deviations(apart)
    redeemed = wording.percent(checks.control_redeemed)
    if checks.control_redeemed_below is not None:
        redeemed = words.say("below", share=wording.percent(checks.control_redeemed_below))
    yield words["check_redeemed"], redeemed
    if lift.redraw_p is not None:
        yield words["check_redraw"], wording.chance(lift.redraw_p)


def _one_decimal(wording: Wording, share: float) -> str:
    return wording.words.percent(round(share * 1000) * 10)
