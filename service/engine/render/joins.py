"""Numbers that are never parted from what they count, in every language.

The marks of a line that may break are blanks; a no-break space (NBSP) takes the place of those
that may not.
"""

import re

# A number by itself: an amount of money ("KWD 0.125 off") may be parted from what follows it.
# It begins with the digit, for which the search is fast.
_NUMBER = r"\d(?<![^ (]\d)[\d.,]* "
# A unit is a short word: oz, lb, kg, шт, κιλά.
_UNIT = re.compile(_NUMBER + r"(?=[^\W\d_]{1,4}\b)")
_COUNTED = re.compile(_NUMBER + r"(?=[^\W\d_]|\+)")
_PLUS = re.compile(r"(?<=\d\u00a0\+) (?=\d)")


def join_units(text: str) -> str:
    """A text in which a number stays with the unit after it: `500 ml`."""
    return _UNIT.sub(_joined, text)


def join_counts(text: str) -> str:
    """A phrase of ours in which a number stays with whatever it counts: `2 geschenkt`, `2 + 1`."""
    return _PLUS.sub("\u00a0", _COUNTED.sub(_joined, text))


def _joined(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\u00a0"
