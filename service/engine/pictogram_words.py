"""What is drawn for goods without a picture, by the words of their names."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from service.engine.content import Pictogram

_JOINED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no blanks between words."""
_PART_OF_A_WORD = 4


class PictogramWords:
    """Finds the pictogram of goods.

    `words` are words and their beginnings by pictogram; of those in a name the longest decides, of
    as long ones the earlier. `named` are the retailer's own choices for whole names.
    """

    def __init__(
        self, words: Mapping[str, Sequence[str]], named: Mapping[str, str] | None = None
    ) -> None:
        self._words = [
            (word, Pictogram(pictogram)) for pictogram, of in words.items() for word in of
        ]
        self._named = {
            name.casefold(): Pictogram(pictogram) for name, pictogram in (named or {}).items()
        }
        self._found: dict[tuple[str, ...], Pictogram] = {}

    def of(self, *names: str) -> Pictogram:
        """The pictogram of goods by their names, the most particular first: item, category, ..."""
        if names not in self._found:
            self._found[names] = self._find([name.casefold() for name in names])
        return self._found[names]

    def _find(self, names: Sequence[str]) -> Pictogram:
        for name in names:
            if name in self._named:
                return self._named[name]
        for name in names:
            # Most words are not in a name at all: only the few that are become patterns.
            matching = [
                (len(word), pictogram)
                for word, pictogram in self._words
                if word in name and _pattern(word).search(name)
            ]
            if matching:
                return max(matching, key=lambda found: found[0])[1]
        return Pictogram.GENERIC


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """A word as it is in a name: where a word of that begins, or ends, as in `Vollmilch`.

    Short ones are whole words: `ham` is no shampoo and `ice` no iceberg.
    """
    escaped = re.escape(word)
    if _JOINED.search(word):
        return re.compile(escaped)
    ending = rf"{escaped}(?:s|es|n|en)?(?!\w)"
    if len(word) < _PART_OF_A_WORD:
        return re.compile(rf"(?<!\w){ending}")
    return re.compile(rf"(?<!\w){escaped}|{ending}")
