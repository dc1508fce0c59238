"""Set what many lists share: the texts of pages, and slots, which are drawn whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import inf
from typing import Any

from service.engine.render.canvas import Canvas, TextRun
from service.engine.render.contents import Content
from service.engine.render.elements import Element, Slot
from service.engine.render.fit import TooLarge
from service.engine.render.grid_rows import GridPainter
from service.engine.render.language import SharedPage, Step
from service.engine.render.painter import planned
from service.engine.render.parts import Condition, PictureBox, Rule, holds
from service.engine.render.plans import SLOT, TextPlan, asked, is_per_list
from service.engine.render.shaping import MissingGlyph

_SLACK_MM = 0.05


@cache
def _shared(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions that are not of one list alone."""
    return tuple(each for each in conditions if not is_per_list(each[0]))


class _Layered(dict[str, str]):
    """The own values of a list, and the shared ones where it has none of its own."""

    def __init__(self, painter: "SharedPainter") -> None:
        super().__init__()
        self._painter = painter

    def __getitem__(self, name: str) -> str:
        own = self._painter.own_values.get(name)
        return self._painter.values[name] if own is None else own


class SharedPainter(GridPainter):
    """Paints what one list shares with others; a subclass draws the rest."""

    shared_key: Any
    """The values that the shared texts depend on."""

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the layout's variables, except those in `own_values`."""
        raise NotImplementedError

    def draw_method(self, element: Element) -> tuple[Callable[..., None], Element]:
        """The method that draws an element of one list, and its argument."""
        raise NotImplementedError

    @property
    def all_values(self) -> Mapping[str, str]:
        """The values of all variables; on a page also its number."""
        return _Layered(self)

    def shared_page(self, number: int, page: str) -> SharedPage:
        """The texts that lists share of a page of the layout, which is their page `page`."""
        cache = self.language.shared_pages[number - 1]
        found = cache.get(self.shared_key)
        if found is None:
            before = len(self.problems)
            values = {**self.values, "page": page}
            found, is_complete = self._set_elements(self.language.pages[number - 1], values)
            if is_complete and len(self.problems) == before:
                self.painter.cache_shared_page(cache, self.shared_key, found)
        return found

    def _set_elements(
        self, elements: Sequence[tuple[Element, TextPlan | None]], values: Mapping[str, str]
    ) -> tuple[SharedPage, bool]:
        """Set the shared texts of some elements, and whether all of them are drawn by name."""
        has_forms = self.painter.write_form is not None
        steps: list[Step] = []
        parts: list[tuple[str, bytes]] = []
        contents: list[Content] = []
        is_complete = True
        for element, plan in elements:
            conditions = getattr(element, "conditions", ())
            if conditions and not holds(_shared(conditions), values):
                continue
            if plan is not None and plan.is_shared:
                content = self.set_text(plan, values)
            elif isinstance(element, PictureBox) and element.source != "logo":
                content = self._picture(element, values)
            elif isinstance(element, Rule) and not any(map(is_per_list, asked(element))):
                if holds(element.conditions, values):
                    parts.append(("Artifact", self.painter.rule_ops(element)))
                continue
            else:
                draw, what = (
                    (SharedPainter.draw_own_text, plan)
                    if plan is not None
                    else self.draw_method(element)
                )
                steps.append((TextRun(parts) if parts else None, draw, what))
                parts = []
                continue
            if content is not None and content.ops:
                role = plan.box.role if plan is not None else "Artifact"
                self._add_to_run(parts, role, content.ops)
                contents.append(content)
                is_complete &= not has_forms or bool(content.entry)
        steps.append((TextRun(parts) if parts else None, None, None))
        return SharedPage(steps, contents), is_complete

    def _picture(self, box: PictureBox, values: Mapping[str, str]) -> Content | None:
        if not holds(box.conditions, values):
            return None
        return self.painter.picture_content(box, values[box.source] if box.source else "")

    def _add_to_run(self, parts: list[tuple[str, bytes]], role: str, ops: bytes) -> None:
        """Add a text to a run. On paper, consecutive paragraphs are one structure element."""
        if role == "P" and not self.painter.options.by_line and parts and parts[-1][0] == "P":
            parts[-1] = ("P", b"%b\n%b" % (parts[-1][1], ops))
        else:
            parts.append((role, ops))

    def set_text(self, plan: TextPlan, values: Mapping[str, str]) -> Content | None:
        """Set a text at its place; None if it is not to be drawn, or cannot be printed."""
        if plan.conditions and not holds(plan.conditions, self.own_values):
            return None
        try:
            return self.painter.place_text(plan, values)
        except (TooLarge, MissingGlyph) as error:
            self.add_problem(plan.box.id, error)
            return None

    def draw_own_text(self, plan: TextPlan, canvas: Canvas) -> None:
        """Draw a text that differs between lists, or is known only once the lines are placed."""
        values = self.all_values if plan.needs_shared_values else self.own_values
        content = self.set_text(plan, values)
        if content is not None and content.ops:
            canvas.add_tagged(plan.box.role, content.ops)
            self.contents.append(content)

    def draw_slots(self, slots: Sequence[Slot], depth: float, canvas: Canvas) -> float:
        """Draw the slots of this page that begin at `depth` or below, in mm from its top.

        Returns where the first of those drawn begins; infinity if none is.
        """
        first = inf
        for slot in slots:
            is_clear = slot.page == canvas.number and slot.y >= depth - _SLACK_MM
            if is_clear and self.draw_slot(slot, canvas):
                first = min(first, slot.y)
        return first

    def draw_slot(self, slot: Slot, canvas: Canvas) -> bool:
        """Draw a slot, unless a condition does not hold or it does not fit."""
        if not holds(slot.conditions, self.all_values):
            return False
        before, named = len(self.problems), len(self.contents)
        shared = self._shared_slot(slot)
        if shared is None:
            return False
        trial = Canvas(canvas.number, canvas.by_line, roles=[*canvas.roles])
        self.contents += shared.contents
        for run, draw, what in shared.steps:
            if run is not None:
                trial.add_shared(run)
            if draw is not None:
                draw(self, what, trial)
        if len(self.problems) > before:
            del self.problems[before:], self.contents[named:]
            return False
        canvas.ops += trial.ops
        canvas.roles[:] = trial.roles
        canvas.alts.update(trial.alts)
        canvas.in_paragraph = trial.in_paragraph
        self.own_values[SLOT + slot.id] = "1"
        return True

    def _shared_slot(self, slot: Slot) -> SharedPage | None:
        language, key = self.language, (slot, self.shared_key)
        if key in language.slots:
            return language.slots[key]
        plans = language.slot_plans.get(slot)
        if plans is None:
            plans = language.slot_plans[slot] = planned(slot.elements, language.phrases)
        before = len(self.problems)
        shared: SharedPage | None
        shared, is_complete = self._set_elements(plans, self.all_values)
        if len(self.problems) > before:
            del self.problems[before:]
            shared = None
        if shared is None or is_complete:
            language.slots[key] = shared
            self.painter.note_cached(1 if shared is None else 1 + len(shared.contents))
        return shared
