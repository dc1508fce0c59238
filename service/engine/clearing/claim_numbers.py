"""Finds claims' numbers in what payers write."""

import unicodedata
from collections.abc import Iterable


class ClaimNumbers:
    """Finds the numbers of some claims in texts.

    Banks break lines within numbers, and payers leave out hyphens: blanks and marks do not count.
    A number stands alone: `C-000012` is not in `C-0000123`, nor in `RC-000012`.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        self._numbers = {_key(number): number for number in numbers}

    def exactly(self, text: str) -> str | None:
        """The number that a text is, and nothing besides; else None."""
        return self._numbers.get(_key(text))

    def within(self, text: str) -> tuple[str, ...]:
        """The numbers that stand in a text, in the order of their first places."""
        normal = unicodedata.normalize("NFKC", text).upper()
        places = [place for place, each in enumerate(normal) if each.isalnum()]
        squeezed = "".join([normal[place] for place in places])
        found: list[tuple[int, str]] = []
        for key, number in self._numbers.items():
            start = squeezed.find(key)
            while start >= 0:
                first, last = places[start], places[start + len(key) - 1]
                if _ends(normal, first - 1) and _ends(normal, last + 1):
                    found.append((start, number))
                    break
                start = squeezed.find(key, start + 1)
        return tuple(number for _, number in sorted(found))


def _key(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text).upper()
    return "".join(each for each in normal if each.isalnum())


def _ends(text: str, place: int) -> bool:
    """Whether there is no letter or digit at a place."""
    return not (0 <= place < len(text) and text[place].isalnum())
