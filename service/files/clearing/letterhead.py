"""What all documents share: sender, addressee, facts, totals, page numbers, and the way to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from service.engine.clearing.claim import SupplierAccount
from service.engine.clearing.retailer import Retailer
from service.engine.render.archive import Archive, Attachment, write_archive
from service.engine.render.sheet import Sheet, Texts, paper_of
from service.files import layouts
from service.files.clearing.words import Words, address_lines

MARGIN = 48.0
FOOT = 64.0
"""What the foot of a page takes, in points."""
_LABEL = 112.0


@dataclass(frozen=True, slots=True)
class Heading:
    """What a document calls itself."""

    title: str
    subtitle: str
    number: str


class Letter:
    """A document that is drawn from top to bottom; `y` is where it has come to."""

    def __init__(self, words: Words, retailer: Retailer, account: SupplierAccount) -> None:
        self.words = words
        self.retailer = retailer
        self.account = account
        self.faces = layouts.stationery().faces
        self.sheet = Sheet(self.faces, paper_of(account.address.country))
        self.texts = Texts.of(self.faces, words.language)
        self.y = MARGIN
        self.running = ""

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.sheet.width - 2 * MARGIN

    @property
    def bottom(self) -> float:
        """Where the foot of the page begins."""
        return self.sheet.height - FOOT

    def open(self, heading: Heading, facts: Sequence[tuple[str, str]]) -> None:
        """Begin the first page: sender, addressee at the left, facts at the right, the title."""
        sheet, texts = self.sheet, self.texts
        sheet.add_page()
        self.running = " · ".join(filter(None, (heading.title, heading.number)))
        sheet.text(self.retailer.legal_name, texts.strong, x=MARGIN, y=MARGIN, width=self.width)
        ours, theirs = self.retailer.address, self.account.address
        tag = self.words.language
        sender = ", ".join(address_lines("", ours, home=theirs.country, language=tag))
        sheet.text(sender, texts.small, x=MARGIN, y=MARGIN + 13, width=self.width)
        top = MARGIN + 56
        half = self.width / 2 - 12
        lines = address_lines(self.account.legal_name, theirs, home=ours.country, language=tag)
        left = self._stack(lines, x=MARGIN, y=top, width=half)
        right = self.facts(facts, x=MARGIN + self.width / 2 + 12, y=top, width=half)
        self.y = max(left, right, top + 70) + 26
        self.y += sheet.text(heading.title, texts.title, x=MARGIN, y=self.y, width=self.width)
        if heading.subtitle:
            self.y += sheet.text(
                heading.subtitle, texts.body, x=MARGIN, y=self.y + 2, width=self.width
            )
        self.y += 16

    def facts(self, facts: Sequence[tuple[str, str]], *, x: float, y: float, width: float) -> float:
        """Labels and values below each other; returns where they end."""
        for label, value in facts:
            height = self.sheet.text(label, self.texts.small, x=x, y=y + 1, width=_LABEL - 6)
            taken = self.sheet.text(value, self.texts.body, x=x + _LABEL, y=y, width=width - _LABEL)
            y += max(height, taken) + 2.5
        return y

    def wide_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Labels and values over the whole width."""
        self.y = self.facts(facts, x=MARGIN, y=self.y, width=self.width) + 10

    def totals(self, rows: Sequence[tuple[str, str, bool]]) -> None:
        """Amounts in a box at the right: label, amount, and whether it is a sum."""
        width = 290.0
        left = self.sheet.width - MARGIN - width
        heights = [self.sheet.height_of(row[0], self.texts.body, width - 110) for row in rows]
        whole = sum(heights) + 4 * len(rows) + 14
        self.room(whole)
        self.sheet.box(x=left, y=self.y, width=width, height=whole)
        y = self.y + 8
        for (label, amount, is_sum), height in zip(rows, heights, strict=True):
            style = self.texts.strong if is_sum else self.texts.body
            if is_sum and len(rows) > 1:
                self.sheet.rule(x=left + 10, y=y - 1.5, width=width - 20)
            self.sheet.text(label, style, x=left + 10, y=y, width=width - 110)
            self.sheet.text(amount, style, x=left + width - 110, y=y, width=100, align="right")
            y += height + 4
        self.y += whole + 14

    def paragraph(self, text: str, *, strong: bool = False) -> None:
        """A text over the whole width."""
        style = self.texts.strong if strong else self.texts.body
        self.room(self.sheet.height_of(text, style, self.width) + 6)
        self.y += self.sheet.text(text, style, x=MARGIN, y=self.y, width=self.width) + 6

    def heading(self, text: str, *, least: float = 60.0) -> None:
        """A heading, on a page with room for at least so much below it."""
        self.room(24 + least)
        self.y += 8
        self.y += self.sheet.text(text, self.texts.heading, x=MARGIN, y=self.y, width=self.width)
        self.y += 6

    def room(self, height: float) -> None:
        """Begin a page unless there is room for so much on this one."""
        if self.y + height > self.bottom:
            self.next_page()

    def next_page(self) -> None:
        """Begin a page, which repeats what the document is."""
        self.sheet.add_page()
        self.sheet.text(
            f"{self.retailer.legal_name} · {self.running}",
            self.texts.small,
            x=MARGIN,
            y=MARGIN - 14,
            width=self.width,
        )
        self.y = MARGIN + 10

    def close(
        self,
        *,
        title: str,
        made_on: date,
        attachments: Sequence[Attachment] = (),
        more_xmp: str = "",
    ) -> bytes:
        """The file, with the foot on every page."""
        count = len(self.sheet.pages)
        foot = " · ".join(self._foot())
        y = self.sheet.height - FOOT + 22
        for place in range(count):
            self.sheet.text(
                foot, self.texts.small, x=MARGIN, y=y, width=self.width - 90, page=place
            )
            number = self.words.say("page", page=place + 1, pages=count)
            self.sheet.text(
                number,
                self.texts.small,
                x=self.sheet.width - MARGIN - 85,
                y=y,
                width=85,
                align="right",
                page=place,
            )
        archive = Archive(
            title=title,
            author=self.retailer.legal_name,
            language=self.words.language,
            made_on=made_on,
            profile=_srgb(),
            more_xmp=more_xmp,
        )
        return write_archive(self.sheet, self.faces, archive, attachments)

    def payment_account(self) -> str:
        """The account to pay to; empty where none is set."""
        return " / ".join(filter(None, (self.retailer.bank_account, self.retailer.bank_code)))

    def _foot(self) -> list[str]:
        retailer = self.retailer
        tax = f"{self.words['our_tax_number']} {retailer.tax_number}" if retailer.tax_number else ""
        said = (retailer.legal_name, tax, self.payment_account(), retailer.email, retailer.phone)
        return [*filter(None, said)]

    def _stack(self, lines: Sequence[str], *, x: float, y: float, width: float) -> float:
        for place, line in enumerate(lines):
            style = self.texts.strong if place == 0 else self.texts.body
            y += self.sheet.text(line, style, x=x, y=y, width=width)
        return y


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    return (files("templates") / "press" / "srgb.icc").read_bytes()
