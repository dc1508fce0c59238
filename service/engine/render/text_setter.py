"""Set texts in their boxes, and the operators of lines and rules, for one output file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from service.engine.render.bleed import bled
from service.engine.render.fit import Fitted, TooLarge, Typesetter
from service.engine.render.inks import pen
from service.engine.render.layout import Layout
from service.engine.render.parts import MM, Rule, TextBox, holds
from service.engine.render.pictograms import rounded
from service.engine.render.plans import TextPlan
from service.engine.render.postal import Sender
from service.engine.render.shaping import MissingGlyph
from service.engine.render.symbols import SymbolProfile

ReportProblem = Callable[[str, Exception], None]
"""Called with the id of an element and the error that prevents printing it."""


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


class TextSetter:
    """Sets the texts of one layout, and counts what is cached of them."""

    def __init__(self, layout: Layout, options: PrintOptions) -> None:
        self.layout = layout
        self.options = options
        self.height_pt = layout.size_pt[1]
        self.typesetter = Typesetter({name: layout.stationery.faces[name] for name in layout.fonts})
        self.cached = 0
        """How many texts and rows are cached."""

    def note_cached(self, texts: int) -> None:
        """Note that as much was cached as so many texts take; full caches are emptied."""
        self.cached += texts

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

    def add_text(
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
        self.note_cached(1)
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
