"""Whether a layout can print a text, found out when the text comes in: its fonts and its widths."""

import unicodedata
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

from service.engine.render.elements import Element, OfferGrid, ShoppingListBox
from service.engine.render.fit import TooLarge, Typesetter
from service.engine.render.layout import Layout
from service.engine.render.parts import MM, TextBox
from service.engine.render.plans import TextPlan
from service.engine.render.scripts import CLINGING, is_emoji
from service.engine.render.shaping import MissingGlyph

_INSTEAD = {
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\u2043": "-", "\u2015": "\u2014",
    "\u2032": "'", "\u2033": '"', "\u02bc": "'", "\u2044": "/", "\u2215": "/", "\u2024": ".",
}  # fmt: skip
"""Characters that look like another one, which every font has."""
_NAMED = 3


class Unprintable(NamedTuple):
    """Why a text cannot be printed, and what to do about it."""

    detail: str
    remedy: str


ONLY_PICTURES = Unprintable(
    "has nothing but pictures, which are not printed", "write it in letters"
)


def is_only_pictures(text: str, has_glyph: Callable[[str], bool]) -> bool:
    """Whether nothing of a text would be printed, because it is of small pictures alone."""
    return all(
        each.isspace() or ((is_emoji(each) or CLINGING.match(each)) and not has_glyph(each))
        for each in text
    )


class PrintTrial:
    """Tries texts in every box of a layout that shows them. Not to be shared between threads."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._typesetter = Typesetter(
            {name: layout.stationery.faces[name] for name in layout.fonts}
        )
        self._plans: dict[tuple[str, str], Sequence[TextPlan]] = {}

    def languages(self) -> tuple[str, ...]:
        """Every language that lists are printed in."""
        return tuple(self.layout.stationery.phrases)

    def fault_of(self, variable: str, text: str, *, language: str) -> Unprintable | None:
        """Why a text cannot be printed as this variable of a list in this language; else None.

        Boxes in which it stands beside other variables are tried without those. Small print
        (`legal`) is tried as that of one offer among others.
        """
        if not text:
            return None
        found: list[tuple[int, Unprintable]] = []
        for plan in self._plans_of(variable, language):
            fault = self._fault_in(plan, variable, text, language)
            if fault is not None:
                found.append(fault)
        return min(found, key=itemgetter(0))[1] if found else None

    def fits_together(self, texts: Sequence[str], *, language: str) -> bool:
        """Whether the small print of some offers fits one list. Each text must fit alone."""
        whole = " ".join(
            self._small_print(text, language, number=str(number))
            for number, text in enumerate(texts, 1)
        )
        plans = self._plans_of("legal", language)
        return all(self._is_fitting(plan, "legal", whole) for plan in plans)

    def _plans_of(self, variable: str, language: str) -> Sequence[TextPlan]:
        found = self._plans.get((variable, language))
        if found is None:
            phrases = self.layout.stationery.phrases_for(language)
            boxes = [box for box in _text_boxes(self.layout.elements) if _shows(box, variable)]
            found = [TextPlan(box, phrases) for box in boxes]
            self._plans[variable, language] = found
        return found

    def _small_print(self, text: str, language: str, *, number: str) -> str:
        prefix = self.layout.stationery.phrases_for(language).texts["legal_for"]
        return f"{prefix.format(numbers=number)} {text}"

    def _fault_in(
        self, plan: TextPlan, variable: str, text: str, language: str
    ) -> tuple[int, Unprintable] | None:
        """What is wrong in one box, after the number of characters that it has room for."""

        def shown(part: str) -> str:
            return self._small_print(part, language, number="12") if variable == "legal" else part

        try:
            self._fit(plan, variable, shown(text))
        except MissingGlyph as error:
            # The error names those of one word.
            whole = dict.fromkeys([*error.characters, *text])
            has_glyph = self._has_glyph(plan)
            missing = [each for each in whole if not (has_glyph(each) or each.isspace())]
            return -1, describe_missing(missing, has_glyph)
        except TooLarge:
            return self._too_long(
                plan, text, lambda part: self._is_fitting(plan, variable, shown(part))
            )
        return None

    def _too_long(
        self, plan: TextPlan, text: str, is_fitting: Callable[[str], bool]
    ) -> tuple[int, Unprintable]:
        low, high = 0, len(text)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if is_fitting(text[:middle]) else (low, middle)
        box = plan.box
        lines = "1 line" if box.lines == 1 else f"{box.lines} lines"
        detail = (
            f"is too long to be printed: about {len(text) - low} of its {len(text)} characters are "
            f"too many for {lines} of {box.w:.1f} mm (layout {self.layout.name})"
        )
        return low, Unprintable(detail, f"shorten it to about {low} characters")

    def _is_fitting(self, plan: TextPlan, variable: str, text: str) -> bool:
        try:
            self._fit(plan, variable, text)
        except TooLarge:
            return False
        return True

    def _fit(self, plan: TextPlan, variable: str, text: str) -> None:
        box = plan.box
        shown = plan.text(plan.key(_Only({variable: text})))
        self._typesetter.fit(shown, box.style, width=box.w * MM, lines=box.lines, flow=box.flow)

    def _has_glyph(self, plan: TextPlan) -> Callable[[str], bool]:
        faces = self.layout.stationery.faces
        chain = plan.box.style.chain
        return lambda character: any(faces[name].holds(character) for name in chain)


class _Only(dict[str, str]):
    """Values of some variables; all others are empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _text_boxes(elements: Sequence[Element]) -> Sequence[TextBox]:
    found: list[TextBox] = []
    for element in elements:
        if isinstance(element, TextBox):
            found.append(element)
        elif isinstance(element, OfferGrid):
            for rows in element.last_kinds():
                found += rows.cells[-1].texts
        elif isinstance(element, ShoppingListBox):
            found += element.header.texts
            last = element.rows[-1]
            found += last.reminder.texts
            found += last.offer.texts if last.offer is not None else ()
    return found


def _shows(box: TextBox, variable: str) -> bool:
    return any(part.kind == "variable" and part.value == variable for part in box.template)


def describe_missing(characters: Sequence[str], has_glyph: Callable[[str], bool]) -> Unprintable:
    """What to say of characters that no font of a text has."""
    named = [_describe(each) for each in characters[:_NAMED]]
    if len(characters) > _NAMED:
        named.append(f"{len(characters) - _NAMED} more")
    what = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    remedies = []
    for each in characters[:_NAMED]:
        instead = _INSTEAD.get(each) or unicodedata.normalize("NFKC", each)
        if instead != each and all(map(has_glyph, instead)):
            remedies.append(f"write {instead!r} for U+{ord(each):04X}")
    if len(remedies) < min(len(characters), _NAMED):
        others = "what no font has" if remedies else "it"
        is_letter = any(each.isprintable() for each in characters)
        font = ", or add a font that has it (`larder fonts add`)" if is_letter else ""
        remedies.append(f"leave {others} out{font}")
    return Unprintable(f"has {what}, which no font of the lists has", "; ".join(remedies))


def _describe(character: str) -> str:
    name = unicodedata.name(character, "")
    shown = f"{character!r} " if character.isprintable() else ""
    return f"{shown}(U+{ord(character):04X}{' ' + name if name else ''})"
