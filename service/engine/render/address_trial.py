"""Whether an address can be printed in a layout's window, found out before anything is printed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import NamedTuple

from service.engine.records import Address
from service.engine.render.boxes import AddressBox
from service.engine.render.fit import TooLarge
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.postal import Sender
from service.engine.render.printable import (
    ONLY_PICTURES,
    describe_missing,
    is_only_pictures,
)
from service.engine.render.scripts import is_emoji
from service.engine.render.shaping import MissingGlyph
from service.engine.render.text_setter import PrintOptions


class AddressFault(StrEnum):
    """Why an address cannot be printed."""

    UNPRINTABLE_NAME = "unprintable_name"
    UNPRINTABLE_ADDRESS = "unprintable_address"
    ADDRESS_TOO_LONG = "address_too_long"


class UnprintableAddress(NamedTuple):
    """Why an address cannot be printed, the part of it that is at fault, and what to do."""

    reason: AddressFault
    part: str
    detail: str
    remedy: str


_SHORT = "x"


def _reason_of(part: str) -> AddressFault:
    is_name = part == "name"
    return AddressFault.UNPRINTABLE_NAME if is_name else AddressFault.UNPRINTABLE_ADDRESS


class AddressTrial:
    """Sets addresses as they are printed. Not to be shared between threads."""

    def __init__(self, layout: Layout, sender: Sender) -> None:
        options = PrintOptions(layout.symbol, "", sender, (), by_line=False)
        self._painter = Painter(layout, options)
        self._boxes = [each for each in layout.elements if isinstance(each, AddressBox)]

    def fault_of(self, address: Address) -> UnprintableAddress | None:
        """Why an address cannot be printed; else None. A part that is empty is no fault."""
        for box in self._boxes:
            bare = self._without_letters(box, address)
            if bare is not None:
                return bare
            try:
                self._place(box, address)
            except MissingGlyph as error:
                return self._without_glyph(box, address, error.characters)
            except TooLarge:
                return self._too_long(box, address)
        return None

    def _place(self, box: AddressBox, address: Address) -> None:
        self._painter.place_postal(box, address, "")

    def _without_letters(self, box: AddressBox, address: Address) -> UnprintableAddress | None:
        """The first part of which nothing would be printed."""
        for part, text in asdict(address).items():
            if text and not text.isascii() and is_only_pictures(text, self._has_glyph(box)):
                return UnprintableAddress(_reason_of(part), part, *ONLY_PICTURES)
        return None

    def _has_glyph(self, box: AddressBox) -> Callable[[str], bool]:
        faces = [self._painter.layout.stationery.faces[name] for name in box.style.chain]
        return lambda character: any(face.holds(character) for face in faces)

    def _without_glyph(
        self, box: AddressBox, address: Address, characters: Sequence[str]
    ) -> UnprintableAddress:
        """The first part with a character that no font has; the error names those of a word."""
        holds = self._has_glyph(box)

        def has_glyph(character: str) -> bool:
            return is_emoji(character) or holds(character)

        for part, text in asdict(address).items():
            # A style may print capitals.
            shown = text.upper() if box.style.upper else text
            missing = [
                each for each in dict.fromkeys(shown) if not (has_glyph(each) or each.isspace())
            ]
            if missing:
                return UnprintableAddress(
                    _reason_of(part), part, *describe_missing(missing, has_glyph)
                )
        detail, remedy = describe_missing(characters, has_glyph)
        return UnprintableAddress(AddressFault.UNPRINTABLE_ADDRESS, "country", detail, remedy)

    def _too_long(self, box: AddressBox, address: Address) -> UnprintableAddress:
        """The longest part by which alone the address would fit, or else the longest of all."""
        parts = sorted(asdict(address).items(), key=lambda each: (-len(each[1]), each[0]))
        part, text = next(
            (each for each in parts if self._fits(box, replace(address, **{each[0]: _SHORT}))),
            parts[0],
        )
        detail = (
            f"is too long for the window: {len(text)} characters, in an address of which each line "
            f"has {box.w:g} mm (layout {self._painter.layout.name})"
        )
        return UnprintableAddress(AddressFault.ADDRESS_TOO_LONG, part, detail, "shorten it")

    def _fits(self, box: AddressBox, address: Address) -> bool:
        try:
            self._place(box, address)
        except (TooLarge, MissingGlyph):
            return False
        return True
