"""A layout in one language and currency: plans by element, dates and amounts as written."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from service.engine.render.layout import Cell, Element
from service.engine.render.phrases import Phrases
from service.engine.render.plans import CellPlan, Drawn, TextPlan
from service.engine.render.sheet import Run

Step = tuple[Run | None, Callable[..., None] | None, Any]
"""A run of texts that many lists share; how what follows it is drawn for every list, and what."""


class Ready(NamedTuple):
    """A page whose shared texts are set, and what they may draw by name."""

    steps: Sequence[Step]
    drawn: Sequence[Drawn]


class Language:
    """The layout's texts in one language, with amounts in one currency."""

    def __init__(self, phrases: Phrases, currency: str) -> None:
        self.phrases = phrases
        self.pages: list[list[tuple[Element, TextPlan | None]]] = []
        self.ready: list[dict[Any, Ready]] = []
        """For each page, by the values that its shared texts are made of."""
        self.cells: dict[Cell, CellPlan] = {}
        self._currency = currency
        self._days: dict[date, str] = {}
        self._dates: dict[date, str] = {}
        self._amounts: dict[int, str] = {}

    def day(self, day: date) -> str:
        """A date without its year."""
        text = self._days.get(day)
        if text is None:
            text = self._days[day] = self.phrases.day_text(day)
        return text

    def expected(self, day: date | None) -> str:
        """The day an item is needed, or that it is new to the household."""
        return self.phrases.texts["new_short"] if day is None else self.day(day)

    def need(self, day: date | None) -> str:
        """The same in words: `about 3 Dec`."""
        texts = self.phrases.texts
        return texts["new"] if day is None else texts["expected"].format(expected=self.day(day))

    def date(self, day: date) -> str:
        """A date in words."""
        text = self._dates.get(day)
        if text is None:
            text = self._dates[day] = self.phrases.date_text(day)
        return text

    def amount(self, cents: int) -> str:
        """An amount of money."""
        text = self._amounts.get(cents)
        if text is None:
            text = self._amounts[cents] = self.phrases.money_text(cents, self._currency)
        return text

    def price(self, cents: int | None) -> str:
        """A price as far as it is known."""
        return "" if cents is None else self.amount(cents)

    def clear(self) -> None:
        """Forget everything that can be made again."""
        for store in (self._days, self._dates, self._amounts):
            store.clear()
        for ready in self.ready:
            ready.clear()
        for page in self.pages:
            for _, plan in page:
                if plan is not None:
                    plan.store.clear()
        for cell in self.cells.values():
            cell.clear()
