"""The values of variables that many letters share, and the key of what depends on them."""

from operator import attrgetter
from typing import Any

from service.engine.records import Address, ListDocument
from service.engine.render.language import Language
from service.engine.render.postal import Sender

_LEGAL = attrgetter("legal")


def shared_values(
    document: ListDocument,
    language: Language,
    *,
    legal: str,
    sender: str,
    pages: int,
    is_short: bool,
) -> dict[str, str]:
    """The values of the variables that are not of one list alone."""
    return {
        "retailer": document.retailer,
        "issued": language.date(document.issued_on),
        "valid_from": language.date(document.valid_from),
        "valid_to": language.date(document.valid_to),
        "from_day": language.day(document.valid_from),
        "to_day": language.day(document.valid_to),
        "legal": legal,
        "sender": sender,
        "pages": str(pages),
        "short": "1" if is_short else "",
        "offers": "1" if document.offers else "",
        "logo": document.logo or "",
        "page_url": "1" if document.page_url else "",
        **_content_values(document, language),
    }


def _content_values(document: ListDocument, language: Language) -> dict[str, str]:
    content, texts = document.content, language.phrases.texts
    recipe, tip, hours, partner = content.recipe, content.tip, content.hours, content.partner
    return {
        "tip": document.tip if tip is None else tip.text,
        "tip_title": texts["tip_heading"] if tip is None else tip.title,
        "tip_picture": (tip and tip.picture) or "",
        "recipe": "1" if recipe is not None else "",
        "recipe_title": recipe.title if recipe is not None else "",
        "recipe_facts": language.recipe_facts(recipe) if recipe is not None else "",
        "recipe_picture": (recipe and recipe.picture) or "",
        "hours": "1" if hours is not None else "",
        "hours_title": hours.title if hours is not None else "",
        "partner": "1" if partner is not None else "",
        "partner_title": partner.title if partner is not None else "",
        "partner_text": partner.text if partner is not None else "",
        "partner_picture": (partner and partner.picture) or "",
    }


def shared_key(document: ListDocument, *, legal: str, sender: str, is_short: bool) -> Any:
    """What the values depend on. The items of a recipe differ by household and are not in them."""
    recipe, partner = document.content.recipe, document.content.partner
    return (
        document.retailer,
        document.issued_on,
        document.valid_from,
        document.valid_to,
        document.tip,
        legal,
        not document.offers,
        sender,
        is_short,
        document.logo,
        not document.page_url,
        recipe and (recipe.title, recipe.steps, recipe.picture, recipe.minutes, recipe.serves),
        document.content.tip,
        document.content.hours,
        partner and (partner.title, partner.text, partner.picture),
    )


def sender_line(document: ListDocument, address: Address | None, sender: Sender) -> str:
    """The return line: with the sender's country on letters to another one."""
    if address is not None and sender.country_line(address.country):
        return sender.address_abroad or document.retailer
    return sender.address or document.retailer


def legal_text(document: ListDocument, language: Language) -> str:
    """The legal text of the list, then those of its offers, each different text once."""
    if not any(map(_LEGAL, document.offers)):
        return document.legal
    lines: dict[str, list[str]] = {}
    for offer in document.offers:
        if offer.legal:
            lines.setdefault(offer.legal, []).append(str(offer.line))
    made = [document.legal] if document.legal else []
    for text, numbers in lines.items():
        if len(numbers) == len(document.offers):
            made.append(text)
        else:
            name = "legal_for_one" if len(numbers) == 1 else "legal_for"
            prefix = language.phrases.texts[name].format(numbers=", ".join(numbers))
            made.append(f"{prefix} {text}")
    return " ".join(made)
