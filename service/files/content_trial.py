"""What of a file of content cannot be printed in the layout of the settings."""

from collections.abc import Iterator, Sequence

from service.engine.content import Content
from service.engine.render import ContentTrial
from service.files import layouts
from service.files.content_form import ContentForm
from service.files.content_rules import Fault, Place, texts_of
from service.settings import Settings


def faults_in_print(form: ContentForm, settings: Settings) -> Sequence[Fault]:
    """The texts with letters that no font has, else the entries that a letter has no room for.

    Every text is tried in its own language.
    """
    layout = layouts.load(settings.layout)
    trial = ContentTrial(layout, retailer=settings.retailer, currency=settings.currency)
    unprintable = [
        Fault(str(place), *fault)
        for place, text in texts_of(form)
        if (fault := trial.missing(text)) is not None
    ]
    if unprintable:
        return unprintable
    return [
        Fault(
            f"{place}, language {language}",
            f"{found} for its place in the layout {layout.name}",
            "shorten its texts",
        )
        for place, language, content in _contents(form)
        if (found := trial.fault_of(content, language))
    ]


def _contents(form: ContentForm) -> Iterator[tuple[str, str, Content]]:
    for number, recipe in enumerate(form.recipes):
        for tag in recipe.title:
            said = recipe.said_in(tag, picture=_any(recipe.picture))
            yield str(Place("recipes", number)), tag, Content(recipe=said)
    for number, tip in enumerate(form.tips):
        for tag in tip.title:
            tip_said = tip.said_in(tag, picture=_any(tip.picture))
            yield str(Place("tips", number)), tag, Content(tip=tip_said)
    for number, hours in enumerate(form.hours):
        for tag in hours.title:
            yield str(Place("hours", number)), tag, Content(hours=hours.said_in(tag))
    for number, partner in enumerate(form.partners):
        for tag in partner.title:
            slot = partner.said_in(tag, offer_line=1, picture=_any(partner.picture))
            yield str(Place("partners", number)), tag, Content(partner=slot)


def _any(picture: str) -> str | None:
    """Some digest for content that names a picture: beside one there is less room."""
    return "0" * 64 if picture else None
