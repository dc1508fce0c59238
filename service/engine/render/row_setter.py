"""Set repeated rows; each row is set once and cached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from service.engine.render.contents import Content, Row, RowShape, RowStart, form_box
from service.engine.render.elements import LayoutCell
from service.engine.render.language import Language
from service.engine.render.layout import Layout
from service.engine.render.layout_cells import stretched
from service.engine.render.localise import cell_in
from service.engine.render.parts import MM, holds
from service.engine.render.pictures import PicturePainter
from service.engine.render.plans import CellPlan
from service.engine.render.text_setter import PrintOptions, ReportProblem, TextSetter

Values = Callable[[], Mapping[str, str]]
"""Returns the values of the variables of a row; called only if they are needed."""
WriteForm = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""Writes content with its BBox as a form; returns operators that draw it and a resource entry."""


class RowSetter(TextSetter):
    """Sets the rows of one layout for one output file."""

    def __init__(self, layout: Layout, options: PrintOptions) -> None:
        super().__init__(layout, options)
        self.pictures = PicturePainter(options.pictures, layout.stationery.pictograms, layout.inks)
        self.write_form: WriteForm | None = None
        """Writes repeated content once, as a form. Without it each page holds all its content."""
        self._stretched: dict[tuple[LayoutCell, float], LayoutCell] = {}
        self._cards: dict[tuple[LayoutCell, float], Content] = {}

    def share(self, content: Content) -> None:
        """Write repeated content as a form, if possible, so that pages draw it by name."""
        if self.write_form is None or not content.ops or content.entry:
            return
        content.draw_by_name(*self.write_form(content.ops, content.box))

    def cell_plan(self, cell: LayoutCell, language: Language) -> CellPlan:
        """The plan of a repeated row, made at its first use in a language."""
        plan = language.cells.get(cell)
        if plan is None:
            shown = cell_in(cell, language.phrases.language)
            rules, rules_over = (
                b"\n".join(
                    self.rule_ops(rule, origin=0.0)
                    for rule in shown.rules
                    if rule.over is over and not rule.conditions and not rule.stretch
                )
                for over in (False, True)
            )
            plan = language.cells[cell] = CellPlan(
                shown, language.phrases, rules=rules, rules_over=rules_over, pad=cell.pad * MM
            )
        return plan

    def card(self, cell: LayoutCell, height: float) -> Content:
        """The rules of a cell that are as high as its row, which is so many points high."""
        found = self._cards.get((cell, height))
        if found is None:
            ops = [
                self.rule_ops(replace(rule, h=height / MM - rule.y + rule.h), origin=0.0)
                for rule in cell.rules
                if rule.stretch
            ]
            found = self._cards[cell, height] = Content(
                b"\n".join(ops), form_box(cell.w * MM, height)
            )
        elif not found.entry:
            self.share(found)
        return found

    def stretched_plan(self, cell: LayoutCell, gain: float, language: Language) -> CellPlan:
        """The plan of a cell that is higher by so many points."""
        if gain:
            found = self._stretched.get((cell, gain))
            if found is None:
                found = self._stretched[cell, gain] = stretched(cell, gain / MM)
            cell = found
        return self.cell_plan(cell, language)

    def row_start(
        self, plan: CellPlan, key: object, values: Values, report_problem: ReportProblem
    ) -> RowStart:
        """The part of a row that it shares with others, to be called at its first and second use.

        The first use sets it; the second makes it a form, which `plan.starts` then holds. `key`
        identifies the values it is made of. The origin of a row is its top left corner.
        """
        found = plan.starts.get(key) or plan.starts_seen_once.pop(key, None)
        if found is not None:
            self.share(found)
            plan.starts[key] = found
            return found
        is_printable = True
        bottoms: list[float] = []
        ops = [plan.rules] if plan.rules else []
        shown = values()
        for rule in plan.conditional:
            if holds(rule.conditions, shown):
                ops.append(self.rule_ops(rule, origin=0.0))
        for box in plan.pictures:
            if holds(box.conditions, shown):
                drawn = (shown["picture"] if box.source else "", shown["pictogram"])
                ops.append(self.pictures.ops(box, *drawn, top=0.0))
        if plan.rules_over:
            ops.append(plan.rules_over)
        for text in plan.shared:
            is_printable &= self.add_text(text, shown, ops, bottoms, report_problem)
        found = RowStart(b"\n".join(ops), _shape(plan, bottoms))
        if is_printable and plan.pictures and self.write_form is not None:
            # Its resources are the file's; a page itself names no picture.
            self.share(found)
            plan.starts[key] = found
            self.note_cached(1)
        elif is_printable:
            plan.starts_seen_once[key] = found
            self.note_cached(1)
        return found

    def measure_start(
        self, plan: CellPlan, key: object, values: Values, report_problem: ReportProblem
    ) -> RowShape:
        """The shape of a row in a cell that is not drawn; `plan.measured` then holds it."""
        bottoms: list[float] = []
        shown = values()
        printable = [
            self.add_text(text, shown, [], bottoms, report_problem) for text in plan.shared
        ]
        shape = _shape(plan, bottoms)
        if all(printable):
            plan.measured[key] = shape
            self.note_cached(1)
        return shape

    def measure_tail(
        self,
        plan: CellPlan,
        shape: RowShape,
        key: object,
        values: Values,
        report_problem: ReportProblem,
    ) -> float:
        """The height of a row in a cell that is not drawn; `shape.heights` then holds it."""
        bottoms = [*shape.bottoms]
        shown = values()
        printable = [self.add_text(text, shown, [], bottoms, report_problem) for text in plan.own]
        height = _height(plan, bottoms)
        if all(printable):
            shape.heights[key] = height
            self.note_cached(1)
        return height

    def row_tail(
        self,
        plan: CellPlan,
        row_start: RowStart,
        key: object,
        values: Values,
        report_problem: ReportProblem,
    ) -> Row:
        """The rest of a row, to be called at its first and second use, as `row_start`."""
        shape = row_start.shape
        found = shape.tails.get(key) or shape.tails_seen_once.pop(key, None)
        if found is not None:
            self.share(found)
            shape.tails[key] = found
            return found
        is_printable = True
        ops: list[bytes] = []
        bottoms = [*shape.bottoms]
        shown = values()
        for text in plan.own:
            is_printable &= self.add_text(text, shown, ops, bottoms, report_problem)
        height = _height(plan, bottoms)
        found = Row(b"\n".join(ops), form_box(plan.width, height), height)
        if is_printable:
            shape.tails_seen_once[key] = found
            self.note_cached(1)
        return found


def _shape(plan: CellPlan, bottoms: Sequence[float]) -> RowShape:
    """The shape of rows whose texts reach so far down."""
    reached = tuple(bottoms)
    shape = plan.shapes.get(reached)
    if shape is None:
        height = _height(plan, bottoms)
        shape = plan.shapes[reached] = RowShape(reached, width=plan.width, height=height)
    return shape


def _height(plan: CellPlan, bottoms: Sequence[float]) -> float:
    return round(max([*bottoms, plan.least]) + plan.pad, 1)
