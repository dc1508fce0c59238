"""Texts as people mean them: in Unicode's composed form (NFC), without what nobody sees.

Two texts that look alike are then one, whatever program wrote them. What comes in at any door is
cleaned here, for texts one by one and for columns of them.
"""

import re
import unicodedata

import polars as pl

# Controls and separators of lines part words, as blanks do.
_BLANK = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+")
# Takes no room and has no meaning to a reader: soft hyphens, marks of direction, fillers, tags.
_UNSEEN = (
    "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\ufffe\\uffff"
    "\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e007f"
)
_INVISIBLE = re.compile(f"[{_UNSEEN}]+")
_JOINERS = re.compile("[\\u200c\\u200d]+")
# Blocks of scripts whose letters join, in which a joiner changes what is read.
_JOINING = (
    (0x0600, 0x077F), (0x07C0, 0x07FF), (0x0840, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF),
    (0x1A20, 0x1AAF), (0x1B00, 0x1C4F), (0xA800, 0xA82F), (0xA840, 0xA87F), (0xA880, 0xA8FF),
    (0xA930, 0xA9DF), (0xAA00, 0xAA7F), (0xABC0, 0xABFF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE),
    (0x10A00, 0x10A5F), (0x10AC0, 0x10AFF), (0x10D00, 0x10FFF), (0x11000, 0x11FFF),
    (0x1E900, 0x1E95F),
)  # fmt: skip
# What may not be as it should: marks (which may compose), Hangul's parts, and all that has another
# canonical form. A text without any of these is left alone.
_MAY_CHANGE = (
    r"[\x00-\x1f\x7f-\u{9f}\u{2000}\u{2001}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}"
    r"\u{ad}\u{61c}\u{115f}-\u{1175}\u{11a8}-\u{11c2}\u{17b4}\u{17b5}\u{180e}\u{3164}\u{feff}"
    r"\u{ffa0}\u{fff9}-\u{fffb}\u{fffe}\u{ffff}\u{1bca0}-\u{1bca3}\u{1d15e}-\u{1d1c0}"
    r"\u{e0000}-\u{e007f}"
    r"\p{M}\u{374}\u{37e}\u{387}\u{958}-\u{95f}\u{9dc}-\u{9df}\u{a33}-\u{a5e}\u{b5c}\u{b5d}"
    r"\u{f43}-\u{fb9}\u{1f71}-\u{1fff}\u{2126}\u{212a}\u{212b}\u{2329}\u{232a}\u{2adc}"
    r"\u{f900}-\u{fb4f}\u{2f800}-\u{2fa1f}]"
)


def clean(text: str) -> str:
    """A text in NFC, with a blank for control characters, without what nobody sees.

    Joiners (ZWJ, ZWNJ) stay between letters of scripts that join. Printable ASCII never changes.
    """
    if text.isascii():
        return text if text.isprintable() else _BLANK.sub(" ", text)
    text = _INVISIBLE.sub("", _BLANK.sub(" ", text))
    if "\u200c" in text or "\u200d" in text:
        text = _JOINERS.sub(_joiner, text)
    return unicodedata.normalize("NFC", text)


def clean_column(texts: pl.Series) -> pl.Series:
    """A column of texts, each as by `clean`; only those that may change are looked at."""
    odd = texts.str.contains(_MAY_CHANGE).fill_null(False)
    if not odd.any():
        return texts
    found = texts.filter(odd)
    seen = found.unique()
    cleaned = found.replace_strict(
        seen, pl.Series([clean(text) for text in seen], dtype=pl.String), return_dtype=pl.String
    )
    return texts.scatter(odd.arg_true(), cleaned)


def _joiner(found: re.Match[str]) -> str:
    """The first joiner of several, where letters that join are on both its sides."""
    text, start, end = found.string, found.start(), found.end()
    joins = (
        start > 0 and end < len(text) and _is_joining(text[start - 1]) and _is_joining(text[end])
    )
    return found[0][0] if joins else ""


def _is_joining(letter: str) -> bool:
    number = ord(letter)
    in_block = any(first <= number <= last for first, last in _JOINING)
    return in_block and unicodedata.category(letter)[0] in "LM"
