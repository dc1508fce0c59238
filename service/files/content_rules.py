"""What a file of content must keep to beyond its form, and what a person should know about it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlmodel import Session

from service.engine.content import in_language
from service.files.content_form import ContentForm, RecipeForm
from service.store import catalogue, pictures
from service.store.offers import revisions
from service.store.tables.picture import PictureKind

_SHOWN = 5


class Fault(NamedTuple):
    """One fault of a file: its place, what is wrong, and what to do."""

    where: str
    detail: str
    remedy: str = ""


class Place(tuple[str | int, ...]):
    """A place in a file, such as `recipes[2].title.en`, counted from 0 as in JSON Pointers."""

    def __new__(cls, *parts: str | int) -> "Place":
        return super().__new__(cls, parts)

    def __str__(self) -> str:
        text = ""
        for part in self:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text or "the file"


def faults_of(
    form: ContentForm, *, spoken: Collection[str], diets: Collection[str]
) -> Sequence[Fault]:
    """What of a file contradicts itself, or cannot be used.

    `spoken` are the languages of lists, `diets` the diets that are known besides the file's.
    """
    return [
        *_twice(form),
        *(fault for place, tag in languages(form) if (fault := _unspoken(place, tag, spoken))),
        *_odd_dates(form),
        *_half_translated(form),
        *_unknown_diets(form, {*diets, *(each.key for each in form.diets)}),
    ]


def languages(form: ContentForm) -> Iterator[tuple[Place, str]]:
    """Every language of every text, with the text's place."""
    for place, texts in _all_texts(form):
        for tag in texts:
            yield place, tag


def texts_of(form: ContentForm) -> Iterator[tuple[Place, str]]:
    """Every text that is printed, with its place."""
    for place, texts in _all_texts(form):
        for tag, text in texts.items():
            if isinstance(text, str):
                yield Place(*place, tag), text
            else:
                for number, line in enumerate(text):
                    yield Place(*place, tag, number), line


def _all_texts(form: ContentForm) -> Iterator[tuple[Place, Mapping[str, str | list[str]]]]:
    for number, recipe in enumerate(form.recipes):
        yield Place("recipes", number, "title"), recipe.title
        for at, item in enumerate(recipe.items):
            yield Place("recipes", number, "items", at, "text"), item.text
        yield Place("recipes", number, "steps"), recipe.steps
    for number, tip in enumerate(form.tips):
        yield Place("tips", number, "title"), tip.title
        yield Place("tips", number, "text"), tip.text
    for number, hours in enumerate(form.hours):
        yield Place("hours", number, "title"), hours.title
        yield Place("hours", number, "lines"), hours.lines
    for number, partner in enumerate(form.partners):
        yield Place("partners", number, "title"), partner.title
        yield Place("partners", number, "text"), partner.text


def _twice(form: ContentForm) -> Iterator[Fault]:
    for name in ("recipes", "tips", "hours", "partners", "diets"):
        first: dict[str, int] = {}
        for number, each in enumerate(getattr(form, name)):
            if each.key in first:
                where = str(Place(name, number, "key"))
                yield Fault(where, f"{each.key!r} is that of {name}[{first[each.key]}] too")
            first.setdefault(each.key, number)


def _unspoken(place: Place, tag: str, spoken: Collection[str]) -> Fault | None:
    if in_language(dict.fromkeys(spoken, True), tag):
        return None
    return Fault(
        str(Place(*place, tag)), f"no list speaks {tag!r}", f"known are {', '.join(sorted(spoken))}"
    )


def _odd_dates(form: ContentForm) -> Iterator[Fault]:
    for name in ("recipes", "tips", "hours"):
        for number, each in enumerate(getattr(form, name)):
            if each.begins and each.until and each.until < each.begins:
                where = str(Place(name, number, "until"))
                yield Fault(where, f"{each.until} is before {each.begins}, its first day")


def _half_translated(form: ContentForm) -> Iterator[Fault]:
    """Texts that lack a language which others of the same entry have."""
    for number, recipe in enumerate(form.recipes):
        parts = _parts(recipe)
        yield from _lacking(Place("recipes", number), parts)
    for number, tip in enumerate(form.tips):
        yield from _lacking(Place("tips", number), {"title": tip.title, "text": tip.text})
    for number, hours in enumerate(form.hours):
        yield from _lacking(Place("hours", number), {"title": hours.title, "lines": hours.lines})
    for number, partner in enumerate(form.partners):
        texts = {"title": partner.title, "text": partner.text}
        yield from _lacking(Place("partners", number), texts)


def _parts(recipe: RecipeForm) -> Mapping[str, Collection[str]]:
    items = {f"items[{at}].text": item.text for at, item in enumerate(recipe.items)}
    return {"title": recipe.title, **items, "steps": recipe.steps}


def _lacking(place: Place, parts: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    wanted = dict.fromkeys(tag for texts in parts.values() for tag in texts)
    for part, texts in parts.items():
        lacking = [tag for tag in wanted if tag not in texts]
        if lacking:
            others = ", ".join(lacking)
            yield Fault(f"{place}.{part}", f"has no text in {others}", "other texts of it have one")


def _unknown_diets(form: ContentForm, known: Collection[str]) -> Iterator[Fault]:
    for number, recipe in enumerate(form.recipes):
        for at, diet in enumerate(recipe.diets):
            if diet not in known:
                where = str(Place("recipes", number, "diets", at))
                yield Fault(where, f"no diet is called {diet!r}", "say in `diets` what it is")


def notes_on(session: Session, form: ContentForm) -> Iterator[str]:
    """What a person who loads a file should know: names in it that nothing has yet."""
    items, categories, departments = catalogue.names(session)
    goods = (
        (str(Place("recipes", number, "items", at)), name)
        for number, recipe in enumerate(form.recipes)
        for at, item in enumerate(recipe.items)
        for name in item.goods
    )
    yield from _unknown(goods, items | categories, "no item or category is called")
    everything = items | categories | departments
    without = (
        (str(Place("diets", number, "without")), name)
        for number, diet in enumerate(form.diets)
        for name in diet.without
    )
    yield from _unknown(without, everything, "no item, category or department is called")
    drawn = (("pictograms", name) for name in form.pictograms)
    yield from _unknown(drawn, everything, "no item, category or department is called")
    stores = {each.casefold() for each in catalogue.store_ids(session)}
    hours = (
        (str(Place("hours", number, "store")), each.store)
        for number, each in enumerate(form.hours)
        if each.store
    )
    yield from _unknown(hours, stores, "no basket came from a store")
    named = {name.casefold() for _, name in pictures.named(session, [PictureKind.CONTENT])}
    wanted = (
        (str(Place(kind, number, "picture")), each.picture)
        for kind in ("recipes", "tips", "partners")
        for number, each in enumerate(getattr(form, kind))
        if each.picture
    )
    yield from _unknown(wanted, named, "no picture is called")
    for number, partner in enumerate(form.partners):
        if not revisions.of_deal(session, partner.supplier, partner.deal):
            yield (
                f"{Place('partners', number)}: {partner.supplier} has no deal {partner.deal} yet; "
                "it is printed once it has"
            )


def _unknown(named: Iterable[tuple[str, str]], known: Collection[str], what: str) -> Iterator[str]:
    """A note on the names that nothing has; names are compared without regard to case."""
    missing = [(where, name) for where, name in named if name.casefold() not in known]
    if not missing:
        return
    shown = ", ".join(f"{name!r} ({where})" for where, name in missing[:_SHOWN])
    more = len(missing) - _SHOWN
    yield f"{what} {shown}" + (f" and {more} more" if more > 0 else "")
