"""What all lists have in common: fonts, fixed phrases, date formats and address forms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.engine.day_words import DayWords, day_words_from
from service.engine.money import format_money
from service.engine.render.fonts import Face, FontFile
from service.engine.render.pictograms import Pictograms
from service.engine.render.postal import PostalForms
from service.errors import InvalidInput, Problem


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed texts of one language, and its date formats.

    `draft` are the texts that a draft says otherwise, and what it has in the place of a code;
    `without_offers` those that a list says otherwise that has none, `general` one that follows from
    nothing its household bought.
    """

    language: str
    texts: Mapping[str, str]
    draft: Mapping[str, str]
    without_offers: Mapping[str, str]
    general: Mapping[str, str]
    days: DayWords

    def for_draft(self) -> "Phrases":
        """The same for a draft."""
        return replace(self, texts={**self.texts, **self.draft})

    def for_no_offers(self) -> "Phrases":
        """The same for a list without offers: it promises neither a worth nor a scan."""
        return replace(self, texts={**self.texts, **self.without_offers})

    def for_general(self) -> "Phrases":
        """The same for a list that follows from nothing its household bought."""
        return replace(self, texts={**self.texts, **self.general})

    def money_text(self, cents: int, currency: str) -> str:
        """An amount of money, such as `1.234,50 €`."""
        return format_money(cents, currency, self.language)


@dataclass(frozen=True, slots=True)
class Stationery:
    """Font faces by file name, phrases by language tag, address formats and pictograms."""

    faces: Mapping[str, Face]
    phrases: Mapping[str, Phrases]
    postal: PostalForms
    pictograms: Pictograms

    def phrases_for(self, language: str) -> Phrases:
        """The phrases of a language such as `de-AT`, else of `de`. Raises InvalidInput."""
        tag = language.replace("_", "-")
        found = self.phrases.get(tag) or self.phrases.get(tag.split("-")[0])
        if found is None:
            known = ", ".join(sorted(self.phrases))
            detail = f"there are no phrases for {language!r}"
            raise InvalidInput(detail, [Problem("language", detail, f"use {known}")])
        return found


def stationery_from(
    *,
    fonts: tuple[FontFile, ...],
    phrases: Mapping[str, Any],
    postal: PostalForms,
    pictograms: Mapping[str, Any],
) -> Stationery:
    """Load the fonts, and read the data of `phrases.json` and `pictograms.json`."""
    read: dict[str, Phrases] = {}
    for tag in phrases:
        whole = whole_phrases(phrases, tag)
        read[tag] = Phrases(
            language=tag,
            texts=whole["texts"],
            draft=whole["draft"],
            without_offers=whole["without_offers"],
            general=whole["general"],
            days=day_words_from(whole),
        )
    return Stationery(
        faces={file.name: Face(file) for file in fonts},
        phrases=read,
        postal=postal,
        pictograms=Pictograms(pictograms),
    )


def whole_phrases(phrases: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """The data of a language, merged into that of the language it extends, and so on."""
    data = phrases[tag]
    if "extends" not in data:
        return dict(data)
    whole = whole_phrases(phrases, data["extends"])
    for key, value in data.items():
        whole[key] = {**whole.get(key, {}), **value} if isinstance(value, Mapping) else value
    return whole
