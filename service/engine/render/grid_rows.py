"""Paint the offers of one list in their grid, and the lines of what is repeated."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.engine.content import Content as LetterContent
from service.engine.records import OfferLine
from service.engine.render.canvas import Canvas, LayoutColumn
from service.engine.render.elements import OfferGrid, Repeat
from service.engine.render.fit import TooLarge
from service.engine.render.grids import (
    GridRow,
    PlacedRow,
    arrangements,
    batches,
    lead_count,
    natural_height,
    place_rows,
)
from service.engine.render.parts import MM
from service.engine.render.row_kinds import OFFER, RowKind
from service.engine.render.rows import OPS, rows_below
from service.engine.render.shopping_lists import ShoppingListPainter
from service.errors import Problem

_FACE_VALUE = attrgetter("face_value_cents")
_HEIGHT = attrgetter("height")


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


class _Arranged(NamedTuple):
    """Offers in an arrangement, with the height of each row in points, and the operators of the
    start and of the end of each offer."""

    arrangement: tuple[GridRow, ...]
    offers: Sequence[OfferLine]
    heights: tuple[float, ...]
    starts: list[bytes]
    ends: list[bytes]


class GridPainter(ShoppingListPainter):
    """Paints the rows of one list that stand in grids and repeats."""

    def draw_offers(self, grid: OfferGrid, canvas: Canvas) -> None:
        """Draw the offers in their grid, and below it the slots that it leaves room for."""
        offers = self._offers_of(grid) if canvas.number == grid.page else ()
        if not offers:
            self.draw_slots(grid.slots, 0.0, canvas)
            return
        arranged = self._arrange(grid, offers)
        arrangement = arranged.arrangement
        room = grid.h
        if grid.slots:
            gap = arrangement[-1].rows.row_gap
            foot = grid.y + natural_height(arrangement, arranged.heights) / MM + gap
            room = min(room, self.draw_slots(grid.slots, foot, canvas) - gap - grid.y)
        placed = place_rows(arrangement, arranged.heights, room=room * MM)
        if placed is None:
            lacking = natural_height(arrangement, arranged.heights) / MM - room
            error = TooLarge(f"{len(offers)} offers need {lacking:.1f} mm more height")
            self.add_problem(grid.id, error)
            return
        start, moves = self.painter.moves.grid_moves(
            grid, arrangement, placed, from_right=self.language.from_right
        )
        self._set_stretched(arranged, placed)
        drawn = [*map(b" ".join, zip(arranged.starts, arranged.ends, moves, strict=True))]
        canvas.add_columns([LayoutColumn(start, ("LI",) * len(offers), drawn)])

    def _arrange(self, grid: OfferGrid, offers: Sequence[OfferLine]) -> _Arranged:
        """The best arrangement that fits; if none does the best of all, with what is wrong with
        it as problems."""
        best: _Arranged | None = None
        before = len(self.problems)
        said: Sequence[Problem] = ()
        for arrangement in arrangements(grid, len(offers)):
            arranged = self._set_rows(arrangement, _in_order(grid, arrangement, offers))
            is_sound = len(self.problems) == before
            if is_sound and place_rows(arrangement, arranged.heights, room=grid.h * MM) is not None:
                return arranged
            if best is None:
                best, said = arranged, self.problems[before:]
            del self.problems[before:]
        self.problems += said
        assert best is not None
        return best

    def _set_rows(self, arrangement: tuple[GridRow, ...], offers: Sequence[OfferLine]) -> _Arranged:
        """Set rows as high as their texts are; those that stretch are only measured."""
        heights: list[float] = []
        starts: list[bytes] = []
        ends: list[bytes] = []
        for cell, counts, total in batches(arrangement):
            plan = self.painter.cell_plan(cell, self.language)
            shown = offers[len(starts) : len(starts) + total]
            if cell.stretches:
                highs = self.row_heights(plan, OFFER, shown)
                starts += (b"",) * total
                ends += (b"",) * total
            else:
                parts = self.row_parts(plan, OFFER, shown)
                highs = [*map(_HEIGHT, parts[1])]
                starts += map(OPS, parts[0])
                ends += map(OPS, parts[1]) if plan.own else (b"",) * total
            at = 0
            for count in counts:
                heights.append(max(highs[at : at + count]))
                at += count
        return _Arranged(arrangement, offers, tuple(heights), starts, ends)

    def _set_stretched(self, arranged: _Arranged, placed: Sequence[PlacedRow]) -> None:
        """Set the offers of rows that stretch, and put cards behind those that have them."""
        starts, ends = arranged.starts, arranged.ends
        at = 0
        for row, place in zip(arranged.arrangement, placed, strict=True):
            end, cell = at + row.offers, row.cell
            if cell.stretches:
                plan = self.painter.stretched_plan(cell, place.gain, self.language)
                parts = self.row_parts(plan, OFFER, arranged.offers[at:end])
                starts[at:end] = map(OPS, parts[0])
                if plan.own:
                    ends[at:end] = map(OPS, parts[1])
            if cell.has_card:
                card = self.painter.card(cell, place.height)
                self.contents.append(card)
                starts[at:end] = [b"%b %b" % (card.ops, each) for each in starts[at:end]]
            at = end

    def _offers_of(self, grid: OfferGrid) -> Sequence[OfferLine]:
        """The offers that a grid shows, as numbered."""
        offers = self.document.offers
        if grid.first == 1 and not grid.last:
            return offers
        shown = _by_worth(offers)[grid.first - 1 : grid.last or len(offers)]
        lines = {offer.line for offer in shown}
        return [offer for offer in offers if offer.line in lines]

    def draw_repeat(self, box: Repeat, canvas: Canvas) -> None:
        """Draw a row for each line, down the columns."""
        lines = _lines_of(box, self.document.content)
        if not lines:
            return
        plan = self.painter.cell_plan(box.cell, self.language)
        starts, ends = self.row_parts(plan, _LINE, lines)
        ops = rows_below(plan, starts, ends)
        each = -(-len(lines) // box.columns)
        from_right = self.language.from_right
        column_starts = self.painter.moves.column_starts(box, from_right=from_right)
        columns: list[LayoutColumn] = []
        for place, start in enumerate(column_starts):
            rows = range(place * each, min(len(lines), (place + 1) * each))
            high = sum(ends[row].height for row in rows) - plan.pad
            if high > box.h * MM + 0.01:
                error = TooLarge(f"{len(lines)} lines need {high / MM:.1f} mm of height")
                self.add_problem(box.id, error)
                return
            columns.append(LayoutColumn(start, ("LI",) * len(rows), ops[rows.start : rows.stop]))
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
    return [*strongest, *[offer for offer in offers if offer.line not in lines]]


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
