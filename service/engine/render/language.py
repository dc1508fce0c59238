"""A layout in one language and currency: its compiled templates, and formatted values."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from service.engine.content import Recipe
from service.engine.records import Due, ReminderLine
from service.engine.render.canvas import TextRun
from service.engine.render.contents import Content
from service.engine.render.elements import Element, LayoutCell, Slot
from service.engine.render.joins import join_counts
from service.engine.render.phrases import Phrases
from service.engine.render.plans import CellPlan, TextPlan
from service.engine.render.scripts import runs_right_to_left

Step = tuple[TextRun | None, Callable[..., None] | None, Any]
"""A run of shared texts, then a method that draws an element for each list, and its argument."""


class SharedPage(NamedTuple):
    """A page with its shared texts set; `contents` is what they may draw by name."""

    steps: Sequence[Step]
    contents: Sequence[Content]


_SAID_DUE = (Due.NOW, Due.NEXT_WEEK, Due.LATER)


class Language:
    """The layout's texts in one language, with amounts in one currency."""

    def __init__(self, phrases: Phrases, currency: str) -> None:
        self.phrases = phrases
        self.from_right = runs_right_to_left(phrases.language)
        self.pages: list[list[tuple[Element, TextPlan | None]]] = []
        self.shared_pages: list[dict[Any, SharedPage]] = []
        """For each page, by the values that its shared texts depend on."""
        self.shared_values: dict[Any, Mapping[str, str]] = {}
        """The values that many lists share, by what they depend on."""
        self.cells: dict[LayoutCell, CellPlan] = {}
        self.slots: dict[tuple[Slot, Any], SharedPage | None] = {}
        """Slots with their shared texts set, by the values that those depend on; None if they
        cannot be printed."""
        self.slot_plans: dict[Slot, list[tuple[Element, TextPlan | None]]] = {}
        self._currency = currency
        self._days: dict[date, str] = {}
        self._dates: dict[date, str] = {}
        self._amounts: dict[int, str] = {}

    def day(self, day: date) -> str:
        """A date without its year."""
        text = self._days.get(day)
        if text is None:
            text = self._days[day] = self.phrases.days.short(day)
        return text

    def expected(self, line: ReminderLine) -> str:
        """The day on which an item is needed; that it is new; empty if no day is promised."""
        day = line.expected_on
        if day is None:
            return self.phrases.texts["new_short"]
        return "" if line.due is Due.OPEN else self.day(day)

    def need(self, line: ReminderLine) -> str:
        """The same as a phrase: `about 3 Dec`."""
        texts, day = self.phrases.texts, self.expected(line)
        if line.expected_on is None:
            return texts["new"]
        return texts["expected"].format(expected=day) if day else ""

    def due(self, due: Due) -> str:
        """When an item is needed, in words: `due this week`; empty if nothing is promised."""
        return self.phrases.texts[f"due_{due}"] if due in _SAID_DUE else ""

    def why(self, line: ReminderLine) -> str:
        """When an item is needed, why it is on the list, and what the household last paid."""
        paid = line.paid_cents
        last = "" if paid is None else self.phrases.texts["last_paid"]
        said = (
            self.need(line),
            join_counts(line.reason),
            last and last.format(amount=self.amount(paid or 0)),
        )
        return " · ".join(filter(None, said))

    def date(self, day: date) -> str:
        """A date in words."""
        text = self._dates.get(day)
        if text is None:
            text = self._dates[day] = self.phrases.days.long(day)
        return text

    def amount(self, cents: int) -> str:
        """An amount of money."""
        text = self._amounts.get(cents)
        if text is None:
            text = self._amounts[cents] = self.phrases.money_text(cents, self._currency)
        return text

    def price(self, cents: int | None) -> str:
        """A price; empty if it is not known."""
        return "" if cents is None else self.amount(cents)

    def recipe_facts(self, recipe: Recipe) -> str:
        """How long a recipe takes, and for how many it is."""
        texts = self.phrases.texts
        said = (("recipe_minutes", recipe.minutes), ("recipe_serves", recipe.serves))
        return " · ".join(texts[name].format(count=count) for name, count in said if count)

    def clear(self) -> None:
        """Empty the caches."""
        for cache in (self._days, self._dates, self._amounts):
            cache.clear()
        for pages in self.shared_pages:
            pages.clear()
        self.slots.clear()
        self.shared_values.clear()
        for page in (*self.pages, *self.slot_plans.values()):
            for _, plan in page:
                if plan is not None:
                    plan.cache.clear()
        for cell in self.cells.values():
            cell.clear()
