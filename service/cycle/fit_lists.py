"""Leaves out of lists what they have no room to print, so that whatever is issued can be printed.

Each text was tried alone when it was loaded (`engine/render/printable`). Together they may still be
too much: the small print of several deals, more offers than a layout has places for, many
conditions of two lines.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from service.cycle.drafted import Drafted
from service.engine.content import Content
from service.engine.render import Checker
from service.errors import InvalidInput, Problem
from service.files import layouts
from service.settings import Settings

_PARTS = ("partner", "recipe", "hours", "tip")
"""The parts of content, those first that somebody paid for or looks forward to."""


def checker_of(settings: Settings) -> Checker:
    """What finds the lists that the layout of the settings has no room for."""
    sender = layouts.sender_of(settings)
    return Checker(
        layouts.load(settings.layout),
        sender=replace(sender, address=sender.address_abroad),
        departments=settings.walking_order,
    )


def fit_lists(drafted: Sequence[Drafted], checker: Checker) -> list[Drafted]:
    """The lists as they can be printed, by what `checker_of` gives; it keeps what it has set.

    A list that does not fit says of its offers, in its own order, which goods count only where that
    fits; then it keeps each offer that fits with those before it, those that are pinned first, then
    each reminder, then each part of its content. Raises InvalidInput when a list cannot even be
    printed without any.
    """
    found = checker.check_lists(each.document for each in drafted)
    return [
        _fit(each, checker) if problems else each
        for each, problems in zip(drafted, found, strict=True)
    ]


def _fit(listed: Drafted, checker: Checker) -> Drafted:
    drafted = listed.with_content(Content())
    problems = _problems(drafted.with_only((), ()), checker)
    if problems:
        raise InvalidInput(
            "Lists cannot be printed whatever is on them; nothing was issued.", problems
        )
    lines = range(len(drafted.document.offers))
    said = _keep_fitting(
        lines, lambda kept: not _problems(drafted.with_goods(kept).with_only(lines, ()), checker)
    )
    drafted = drafted.with_goods(said)
    first = [place for place in lines if drafted.document.offers[place].offer_id in drafted.pinned]
    offers = _keep_fitting(
        [*first, *(place for place in lines if place not in first)],
        lambda kept: not _problems(drafted.with_only(sorted(kept), ()), checker),
    )
    offers = sorted(offers)
    reminders = _keep_fitting(
        range(len(drafted.document.reminders)),
        lambda kept: not _problems(drafted.with_only(offers, kept), checker),
    )
    return _with_fitting_content(
        drafted.with_only(offers, reminders),
        listed.with_only(offers, reminders).document.content,
        checker,
    )


def _with_fitting_content(drafted: Drafted, content: Content, checker: Checker) -> Drafted:
    """The list with each part of some content that fits with those before it."""
    for part in _PARTS:
        more = replace(drafted.document.content, **{part: getattr(content, part)})
        tried = drafted.with_content(more)
        if not _problems(tried, checker):
            drafted = tried
    return drafted


def _keep_fitting(places: Sequence[int], fits: Callable[[Sequence[int]], bool]) -> Sequence[int]:
    """Each place that fits with those kept before it; all of them where all fit."""
    if fits(places):
        return places
    kept: list[int] = []
    for place in places:
        if fits([*kept, place]):
            kept.append(place)
    return kept


def _problems(drafted: Drafted, checker: Checker) -> tuple[Problem, ...]:
    (found,) = checker.check_lists([drafted.document])
    return found
