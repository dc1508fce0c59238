"""Where a line of text may break."""

import re
from collections.abc import Sequence

_HAN = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING = "「『（《〈“【〔［｛"
# Closing marks, and what Japanese begins no line with: small kana, long vowels, repetitions
# (JIS X 4051, 6.1).
_CLOSING = (
    "、。，．：；！？）》〉」』”％】〕］｝・…‥～"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ"
)
_WORD = rf"[^ {_HAN}]+?(?:[-‐–/](?=\w)|(?=[ {_HAN}]|$))"
# What a number counts stays with it: 24日, 3つ.
_COUNTER = r"(?:(?<=\d)[ぁ-ヿ㐀-鿿])?"
# Tokens that are never broken: a word up to its hyphen or slash, or a Han character, each with
# opening marks before and closing marks after it; a sequence of plain spaces. Everything else,
# no-break spaces included, belongs to words.
_TOKENS = re.compile(
    rf"[{_OPENING}]*(?:{_WORD}{_COUNTER}|[{_HAN}])[{_CLOSING}]*| +",
    re.DOTALL,
)
# Thai writes these vowels before the consonant that they are spoken after: a syllable begins here.
_SYLLABLE = re.compile("(?=[เแโใไ])")

_ELSEWHERE = re.compile(rf"[-‐–/{_HAN}เแโใไ]|  |^ | $")


def breaks_elsewhere(text: str) -> bool:
    """Whether a text may break elsewhere than at single spaces between words."""
    return _ELSEWHERE.search(text) is not None


def tokens(text: str) -> Sequence[str]:
    """The parts of a text between which a line may break."""
    found: list[str] = _TOKENS.findall(text)
    return found


def syllables(token: str) -> Sequence[str]:
    """A word of Thai parted where syllables certainly begin; any other token as it is.

    Words of Thai are not parted by blanks. Finding them takes a dictionary; this does not, and is
    for what fits no line otherwise.
    """
    parts = [part for part in _SYLLABLE.split(token) if part]
    return parts or [token]
