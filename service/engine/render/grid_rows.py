"""Paint the offers of one list in their grid, and the lines of what is repeated."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.content import Content as LetterContent
from service.engine.records import OfferLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.fit import TooLarge
from service.engine.render.grids import (
    GridRow,
    arrangements,
    lead_count,
    natural_height,
    place_rows,
)
from service.engine.render.layout import MM, LayoutCell, OfferGrid, Repeat
from service.engine.render.plans import CellPlan
from service.engine.render.rows import OFFER, RowKind, RowPainter, row_ops
from service.engine.render.shaping import MissingGlyph

_FACE_VALUE = attrgetter("face_value_cents")


class _Line(NamedTuple):
    """A numbered line of a recipe's steps or of opening hours."""

    number: int
    text: str


_LINE = RowKind(
    {
        "text": lambda _, line: line.text,
        "number": lambda _, line: str(line.number),
        "bought": lambda _, line: "1" if line.bought else "",
        "offer_line": lambda _, line: "" if line.offer_line is None else str(line.offer_line),
    }
)


class GridPainter(RowPainter):
    """Paints the rows of one list that stand in grids and repeats."""

    def draw_offers(self, grid: OfferGrid, canvas: Canvas) -> None:
        """Draw the offers in their grid, and below it the slots that it leaves room for."""
        if canvas.number != grid.page:
            self.draw_slots(grid.slots, 0.0, canvas)
            return
        arrangement, heights = self._arrange(grid)
        deep = natural_height(arrangement, heights)
        gap = arrangement[-1].rows.row_gap if arrangement else 0.0
        foot = grid.y + deep / MM + gap if arrangement else 0.0
        floor = self.draw_slots(grid.slots, foot, canvas)
        if not arrangement:
            return
        room = min(grid.h, floor - gap - grid.y) * MM
        placed = place_rows(arrangement, heights, room=room)
        if placed is None:
            lacking = (deep - room) / MM
            error = TooLarge(
                f"{len(self._offers_of(grid))} offers need {lacking:.1f} mm more height"
            )
            self.add_problem(grid.id, error)
            return
        offers = _in_order(grid, arrangement, self._offers_of(grid))
        ops: list[bytes] = []
        at = 0
        for row, place in zip(arrangement, placed, strict=True):
            plan = self._plan(row.cell, place.gain)
            starts, ends = self.row_parts(plan, OFFER, offers[at : at + row.offers])
            card = self.painter.card(row.cell, place.height)
            if card.ops:
                self.contents.append(card)
            ops += [b"%b %b" % (card.ops, each) for each in row_ops(plan, starts, ends)]
            at += row.offers
        start, moves = self.painter.moves.grid_moves(
            grid, tuple((row.offers, place) for row, place in zip(arrangement, placed, strict=True))
        )
        whole = [b""] * (2 * len(ops))
        whole[::2], whole[1::2] = ops, moves
        canvas.add_columns([LayoutColumn(start, ("LI", "") * len(ops), whole)])

    def _arrange(self, grid: OfferGrid) -> tuple[Sequence[GridRow], Sequence[float]]:
        """The best arrangement that fits, else the best; and the height of each row in points."""
        best: tuple[Sequence[GridRow], Sequence[float]] | None = None
        for arrangement in arrangements(grid, len(self._offers_of(grid))):
            try:
                heights = self._heights(grid, arrangement)
            except (TooLarge, MissingGlyph):
                # Drawing it says which text it is.
                best = best or (arrangement, [0.0] * len(arrangement))
                continue
            if place_rows(arrangement, heights, room=grid.h * MM) is not None:
                return arrangement, heights
            best = best or (arrangement, heights)
        return best or ((), ())

    def _heights(self, grid: OfferGrid, arrangement: Sequence[GridRow]) -> Sequence[float]:
        offers = _in_order(grid, arrangement, self._offers_of(grid))
        heights: list[float] = []
        at = 0
        for row in arrangement:
            plan = self.painter.cell_plan(row.cell, self.language)
            heights.append(max(self._height(plan, offer) for offer in offers[at : at + row.offers]))
            at += row.offers
        return heights

    def _height(self, plan: CellPlan, offer: OfferLine) -> float:
        key = (plan.start_key(offer), plan.own_key(offer)) if plan.own else plan.start_key(offer)
        return self.painter.row_height(plan, key, self.values_of(plan, OFFER, offer))

    def _offers_of(self, grid: OfferGrid) -> Sequence[OfferLine]:
        """The offers that a grid shows, as numbered."""
        offers = self.document.offers
        if grid.first == 1 and not grid.last:
            return offers
        shown = _by_worth(offers)[grid.first - 1 : grid.last or len(offers)]
        lines = {offer.line for offer in shown}
        return [offer for offer in offers if offer.line in lines]

    def _plan(self, cell: LayoutCell, gain: float) -> CellPlan:
        return self.painter.cell_plan(self.painter.stretched(cell, gain), self.language)

    def draw_repeat(self, box: Repeat, canvas: Canvas) -> None:
        """Draw a row for each line, down the columns."""
        lines = _lines_of(box, self.document.content)
        if not lines:
            return
        plan = self.painter.cell_plan(box.cell, self.language)
        starts, ends = self.row_parts(plan, _LINE, lines)
        ops = row_ops(plan, starts, ends)
        each = -(-len(lines) // box.columns)
        columns: list[LayoutColumn] = []
        for place, start in enumerate(self.painter.moves.column_starts(box)):
            rows = range(place * each, min(len(lines), (place + 1) * each))
            high = sum(ends[row].height for row in rows) - plan.pad
            if high > box.h * MM + 0.01:
                error = TooLarge(f"{len(lines)} lines need {high / MM:.1f} mm of height")
                self.add_problem(box.id, error)
                return
            drawn = [b"%b %b" % (ops[row], ends[row].move_below) for row in rows]
            columns.append(LayoutColumn(start, ("LI",) * len(drawn), drawn))
        canvas.add_columns(columns)


def _by_worth(offers: Sequence[OfferLine]) -> Sequence[OfferLine]:
    return sorted(offers, key=_FACE_VALUE, reverse=True)


def _in_order(
    grid: OfferGrid, arrangement: Sequence[GridRow], offers: Sequence[OfferLine]
) -> Sequence[OfferLine]:
    """The offers as they stand in the grid: those that lead by worth, the rest as numbered."""
    count = lead_count(grid, arrangement)
    if not count:
        return offers
    strongest = _by_worth(offers)[:count]
    lines = {offer.line for offer in strongest}
    return [*strongest, *(offer for offer in offers if offer.line not in lines)]


def _lines_of(box: Repeat, content: LetterContent) -> Sequence[Any]:
    recipe, hours = content.recipe, content.hours
    if box.of == "hours":
        texts: Sequence[str] = hours.lines if hours is not None else ()
    elif recipe is None:
        return ()
    elif box.of == "recipe_items":
        return recipe.items
    else:
        texts = recipe.steps
    return [_Line(number, text) for number, text in enumerate(texts, 1)]
