"""Set repeated rows, and the operators of lines and rules; each row is set once and cached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.engine.render.bleed import bled
from service.engine.render.contents import Content, Row, RowShape, RowStart, form_box
from service.engine.render.elements import LayoutCell
from service.engine.render.fit import Fitted, TooLarge, Typesetter
from service.engine.render.inks import pen
from service.engine.render.language import Language
from service.engine.render.layout import Layout
from service.engine.render.layout_cells import stretched
from service.engine.render.localise import cell_in
from service.engine.render.parts import MM, Rule, TextBox, holds
from service.engine.render.pictograms import rounded
from service.engine.render.pictures import PicturePainter
from service.engine.render.plans import CellPlan, TextPlan
from service.engine.render.postal import Sender
from service.engine.render.shaping import MissingGlyph
from service.engine.render.symbols import SymbolProfile

ReportProblem = Callable[[str, Exception], None]
"""Called with the id of an element and the error that prevents printing it."""
Values = Callable[[], Mapping[str, str]]
"""Returns the values of the variables of a row; called only if they are needed."""
WriteForm = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""Writes content with its BBox as a form; returns operators that draw it and a resource entry."""


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """What is the same for all pieces of a batch, besides the layout."""

    profile: SymbolProfile
    resolver: str
    sender: Sender
    departments: tuple[str, ...]
    """The walking order of the store. Departments not named here follow in order of appearance."""
    by_line: bool
    """Whether each line of a list is a structure element, so that it can be read aloud alone."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Prepared pictures by their digests."""
    bleed_pt: float = 0.0
    """How far what ends at an edge of the page goes on beyond it."""


class RowSetter:
    """Sets the rows of one layout for one output file."""

    def __init__(self, layout: Layout, options: PrintOptions) -> None:
        self.layout = layout
        self.options = options
        self.height_pt = layout.size_pt[1]
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self.pictures = PicturePainter(options.pictures, layout.stationery.pictograms, layout.inks)
        self.write_form: WriteForm | None = None
        """Writes repeated content once, as a form. Without it each page holds all its content."""
        self._stretched: dict[tuple[LayoutCell, float], LayoutCell] = {}
        self._cards: dict[tuple[LayoutCell, float], Content] = {}
        self._cached = 0
        """How many texts and rows are cached."""

    def note_cached(self, texts: int) -> None:
        """Note that as much was cached as so many texts take; full caches are emptied."""
        self._cached += texts

    def share(self, content: Content) -> None:
        """Write repeated content as a form, if possible, so that pages draw it by name."""
        if self.write_form is None or not content.ops or content.entry:
            return
        content.draw_by_name(*self.write_form(content.ops, content.box))

    def fit(self, box: TextBox, text: str, *, height: float | None = None) -> Fitted:
        """Set a text in its box, and within a height in points if one is given."""
        return self.typesetter.fit(
            text,
            box.style,
            width=box.w * MM,
            lines=box.lines,
            flow=box.flow,
            height=height,
            even=box.align == "centre" or box.role in ("H1", "H2"),
        )

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
            is_printable &= self._add_text(text, shown, ops, bottoms, report_problem)
        reached = tuple(bottoms)
        shape = plan.shapes.get(reached)
        if shape is None:
            height = _height(plan, bottoms)
            shape = plan.shapes[reached] = RowShape(reached, width=plan.width, height=height)
        found = RowStart(b"\n".join(ops), shape)
        if is_printable and plan.pictures and self.write_form is not None:
            # Its resources are the file's; a page itself names no picture.
            self.share(found)
            plan.starts[key] = found
            self._cached += 1
        elif is_printable:
            plan.starts_seen_once[key] = found
            self._cached += 1
        return found

    def row_height(
        self, plan: CellPlan, key: object, values: Values, report_problem: ReportProblem
    ) -> float:
        """The height of a row in points, in a cell that is not drawn; `plan.heights` holds it."""
        is_printable = True
        bottoms: list[float] = []
        shown = values()
        for text in (*plan.shared, *plan.own):
            is_printable &= self._add_text(text, shown, [], bottoms, report_problem)
        height = _height(plan, bottoms)
        if is_printable:
            plan.heights[key] = height
            self._cached += 1
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
            is_printable &= self._add_text(text, shown, ops, bottoms, report_problem)
        height = _height(plan, bottoms)
        found = Row(b"\n".join(ops), form_box(plan.width, height), height)
        if is_printable:
            shape.tails_seen_once[key] = found
            self._cached += 1
        return found

    def _add_text(
        self,
        plan: TextPlan,
        values: Mapping[str, str],
        ops: list[bytes],
        bottoms: list[float],
        report_problem: ReportProblem,
    ) -> bool:
        """Set one text of a row below those before it; False if it cannot be printed."""
        if plan.box.conditions and not holds(plan.box.conditions, values):
            bottoms.append(bottoms[plan.above] if plan.above >= 0 else 0.0)
            return True
        key = plan.key(values)
        if plan.above >= 0:
            key = (key, bottoms[plan.above])
        text_set = plan.cache.get(key)
        if text_set is None:
            try:
                text_set = self._set_text(plan, key)
            except (TooLarge, MissingGlyph) as error:
                report_problem(plan.box.id, error)
                bottoms.append(plan.box.y * MM)
                return False
        if text_set[0]:
            ops.append(text_set[0])
        bottoms.append(text_set[1])
        return True

    def _set_text(self, plan: TextPlan, key: object) -> tuple[bytes, float]:
        """Set a text of a cell: its content, and how far down it reaches in points."""
        box = plan.box
        top = plan.top
        values = key
        if plan.above >= 0:
            values, top = key  # type: ignore[misc]
        text = plan.text(values)
        text_set = (b"", top)
        if text:
            top += plan.gap
            line = self.typesetter.single_line(text, box.style, plan.width)
            if line is None:
                fitted = self.fit(box, text)
                text_set = (
                    self.line_ops(box, fitted, left=plan.left, top=-top),
                    top + fitted.height,
                )
            else:
                ops, width = line
                x = plan.left + plan.slack * (plan.width - width)
                ops = b"%b BT %.1f %.1f Td %b ET" % (box.style.colour, x, -top - plan.drop, ops)
                text_set = (ops, top + plan.leading)
        plan.cache[key] = text_set
        self._cached += 1
        return text_set

    def line_ops(self, box: TextBox, fitted: Fitted, *, left: float, top: float) -> bytes:
        """Content of fitted lines; `left` and `top` are their corner in points."""
        width = box.w * MM
        baseline = top - fitted.ascent
        ops = [box.style.colour, b"BT"]
        for line in fitted.lines:
            slack = width - line.width
            x = left + (0 if box.align == "left" else slack if box.align == "right" else slack / 2)
            if len(fitted.lines) == 1:
                ops.append(b"%.1f %.1f Td %b" % (x, baseline, line.ops))
            else:
                ops.append(b"1 0 0 1 %.1f %.1f Tm %b" % (x, baseline, line.ops))
            baseline -= fitted.leading
        ops.append(b"ET")
        return b" ".join(ops)

    def rule_ops(self, rule: Rule, origin: float | None = None) -> bytes:
        """Content of a rectangle. `y` counts down from `origin`, the top of the page if None."""
        top = self.height_pt if origin is None else origin
        frame = (rule.x * MM, top - (rule.y + rule.h) * MM, rule.w * MM, rule.h * MM)
        if origin is None and self.options.bleed_pt:
            frame = bled(frame, self.layout.size_pt, self.options.bleed_pt)
        shape = b"%.2f %.2f %.2f %.2f re" % frame
        if rule.radius:
            shape = rounded(*frame, rule.radius * MM)
        if rule.stroke_pt:
            return b"%b %g w %b S" % (pen(rule.colour), rule.stroke_pt, shape)
        return b"%b %b f" % (rule.colour, shape)


def _height(plan: CellPlan, bottoms: Sequence[float]) -> float:
    return round(max([*bottoms, plan.least]) + plan.pad, 1)
