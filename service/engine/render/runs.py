"""Runs of text in one font: the strings that show it."""

from typing import NamedTuple

GLYPHS = ":glyphs"
"""Ends the name of a font whose codes are shapes, beside the one whose codes are characters."""


class Run(NamedTuple):
    """Strings and moves for the operator TJ, in one font."""

    name: str
    shown: bytes


def literal(text: str) -> bytes:
    """A PDF string in the encoding of the fonts, UTF-16."""
    return string(text.encode("utf-16-be"))


def string(raw: bytes) -> bytes:
    """A PDF string of these bytes."""
    raw = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + raw.replace(b"\r", b"\\r") + b")"
