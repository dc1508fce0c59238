"""Tables that run over pages, with totals carried from page to page."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.files.clearing.letterhead import MARGIN, Letter

_PAD = 3.0


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers; `carried` ones have running totals."""

    title: str
    width: float
    carried: bool = False
    is_count: bool = False


class RuledTable:
    """A first column of texts, then columns of numbers; draws rows where a letter has come to.

    `running` are the sums so far of the columns that are carried.
    """

    def __init__(self, letter: Letter, title: str, columns: Sequence[NumberColumn]) -> None:
        self._letter = letter
        self._title = title
        self._columns = columns
        right = letter.sheet.width - MARGIN
        ends = []
        for column in reversed(columns):
            ends.append(right)
            right -= column.width
        self._ends = ends[::-1]
        self._text_width = right - MARGIN - 8
        self.running = [0] * len(columns)
        self._begun = False
        self._rows_on_page = 0

    def head(self) -> None:
        """The titles of the columns, on this page and on each that follows."""
        letter = self._letter
        texts, sheet = letter.texts, letter.sheet
        titles = [self._title, *(column.title for column in self._columns)]
        widths = [self._text_width, *(column.width - 6 for column in self._columns)]
        height = max(
            sheet.height_of(title, texts.small, width)
            for title, width in zip(titles, widths, strict=True)
        )
        letter.room(height + 30)
        sheet.text(titles[0], texts.small, x=MARGIN, y=letter.y, width=self._text_width)
        for title, end, width in zip(titles[1:], self._ends, widths[1:], strict=True):
            sheet.text(title, texts.small, x=end - width, y=letter.y, width=width, align="right")
        letter.y += height + 2
        sheet.rule(x=MARGIN, y=letter.y, width=letter.width, weight=0.8, grey=0.3)
        letter.y += _PAD
        self._begun, self._rows_on_page = True, 0

    def row(
        self,
        text: str,
        numbers: Sequence[str],
        amounts: Sequence[int] = (),
        *,
        detail: str = "",
        strong: bool = False,
        indent: float = 0.0,
        keep: float = 0.0,
    ) -> None:
        """A row; `amounts`, one a column, are added to the running totals.

        With `keep` it stays on a page with so much of what follows.
        """
        letter = self._letter
        texts, sheet = letter.texts, letter.sheet
        style = texts.strong_cell if strong else texts.cell
        width = self._text_width - indent
        height = sheet.height_of(text, style, width) if text else 11.5
        more = sheet.height_of(detail, texts.small, width) if detail else 0
        self._make_room(height + more + 2 * _PAD + keep)
        sheet.text(text, style, x=MARGIN + indent, y=letter.y, width=width)
        sheet.cells(numbers, style, ends=self._ends, y=letter.y)
        if detail:
            sheet.text(detail, texts.small, x=MARGIN + indent, y=letter.y + height, width=width)
        letter.y += height + more + _PAD
        self._rows_on_page += 1
        for place, amount in enumerate(amounts):
            self.running[place] += amount

    def rule(self) -> None:
        """A line below the last row."""
        letter = self._letter
        letter.sheet.rule(x=MARGIN, y=letter.y - 1, width=letter.width, grey=0.85)
        letter.y += 1.5

    def total(self, text: str) -> None:
        """The sums of what is carried, below a heavier line."""
        letter = self._letter
        self._make_room(24)
        letter.sheet.rule(x=MARGIN, y=letter.y, width=letter.width, weight=0.8, grey=0.3)
        letter.y += _PAD
        self._carry(text)
        letter.y += 8

    def _make_room(self, height: float) -> None:
        """Carry the totals to the next page where a row, and the line of totals, do not fit."""
        letter = self._letter
        kept = 20.0 if self._carries else 0.0
        if letter.y + height + kept <= letter.bottom:
            return
        carries = self._carries and self._rows_on_page > 0
        if carries:
            letter.sheet.rule(x=MARGIN, y=letter.y, width=letter.width, grey=0.3)
            letter.y += _PAD
            self._carry(letter.words["carried"])
        letter.next_page()
        self.head()
        if carries:
            self._carry(letter.words["brought"])
            self.rule()

    @property
    def _carries(self) -> bool:
        return any(column.carried for column in self._columns)

    def _carry(self, text: str) -> None:
        letter = self._letter
        words = letter.words
        shown = [
            (words.count(total) if column.is_count else words.number(total))
            if column.carried
            else ""
            for column, total in zip(self._columns, self.running, strict=True)
        ]
        letter.sheet.text(
            text, letter.texts.strong_cell, x=MARGIN, y=letter.y, width=self._text_width
        )
        letter.sheet.cells(shown, letter.texts.strong_cell, ends=self._ends, y=letter.y)
        letter.y += 11.5 + _PAD
