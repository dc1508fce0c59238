"""What the letters of some households carry besides offers and reminders, read and chosen."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.cycle.inputs import midnight
from service.engine.content import Content, OpeningHours, PartnerSlot, Recipe, RecipeItem, Tip
from service.engine.diets import Needs
from service.engine.offers.targeting import CURRENT_WEEKS
from service.engine.recipes import bought_items, choose_recipes, followed_diets, items_at_hand
from service.engine.records import ListDocument
from service.files.content_form import DietForm, HoursForm, PartnerForm, RecipeForm, TipForm
from service.settings import Settings
from service.store import baskets, catalogue, content, cycles, lists, pictures
from service.store.offers import issuable, products
from service.store.tables.content import ContentKind
from service.store.tables.picture import PictureKind

Names = dict[str, dict[str, set[int]]]
"""Items by the names of items, categories and departments."""
_GOODS = {"recipe": pl.Int64, "place": pl.Int64, "item_id": pl.Int64}
_WITHOUT = {"diet": pl.String, "item_id": pl.Int64}
_COVERS = {"offer_id": pl.Int64, "item_id": pl.Int64}


@dataclass(frozen=True, slots=True)
class LetterContent:
    """The content that fits letters of a day, and what of households decides who gets what.

    `goods` are the items of recipes (recipe, place, item_id; `recipe` counts `recipes`), `without`
    what diets do without, `covers` the offers on items of recipes. `last_recipes` and `stores` are
    by household, `partners` by offer. `cycle_number` is how many cycles
    came before.
    """

    as_of: date
    recipes: tuple[RecipeForm, ...] = ()
    tips: tuple[TipForm, ...] = ()
    hours: tuple[HoursForm, ...] = ()
    partners: Mapping[int, PartnerForm] = field(default_factory=dict)
    goods: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_GOODS))
    without: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_WITHOUT))
    covers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_COVERS))
    last_recipes: Mapping[int, str] = field(default_factory=dict)
    stores: Mapping[int, str] = field(default_factory=dict)
    cycle_number: int = 0
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Digests of content's pictures by name."""

    def picture(self, name: str) -> str | None:
        """The digest of a picture by its name, None without one."""
        return self.pictures.get(name.casefold()) if name else None


def read_content(
    session: Session,
    settings: Settings,
    *,
    as_of: date,
    offer_ids: Sequence[int],
    household_ids: Sequence[int],
    general: Collection[int] = (),
) -> LetterContent:
    """What letters of a date may carry; `offer_ids` are those that may be on them.

    Of `general` households it is not asked where they shop.
    """
    without = frozenset(general)
    shoppers = [each for each in household_ids if each not in without]
    stored = content.entries(session)
    if not stored:
        return LetterContent(as_of)
    arrives_on = as_of + timedelta(days=settings.mail_lead_days)

    def bodies(kind: ContentKind) -> list[Mapping[str, object]]:
        return [body for _, body in stored.get(kind, ())]

    recipes = tuple(
        form
        for body in bodies(ContentKind.RECIPE)
        if (form := RecipeForm.model_validate(body)).is_fitting(arrives_on)
    )
    hours = [HoursForm.model_validate(body) for body in bodies(ContentKind.HOURS)]
    hours = [each for each in hours if each.is_fitting(arrives_on)]
    tips = [TipForm.model_validate(body) for body in bodies(ContentKind.TIP)]
    partners = [PartnerForm.model_validate(body) for body in bodies(ContentKind.PARTNER)]
    found = LetterContent(
        as_of,
        recipes=recipes,
        tips=tuple(each for each in tips if each.is_fitting(arrives_on)),
        hours=tuple(sorted(hours, key=_rank)),
        partners=_by_offer(session, partners),
        stores=_stores(session, settings, as_of, shoppers) if _by_store(hours) else {},
        cycle_number=cycles.count_before(session, as_of),
        pictures={
            name.casefold(): digest
            for (_, name), digest in pictures.named(session, [PictureKind.CONTENT]).items()
        },
    )
    if not recipes:
        return found
    diets = [DietForm.model_validate(body) for body in bodies(ContentKind.DIET)]
    names = _item_ids(catalogue.items(session), _names_in(recipes, diets))
    goods = _goods(recipes, names)
    return replace(
        found,
        goods=goods,
        without=_without(diets, names),
        covers=products.items_of(session, offer_ids, item_ids=goods["item_id"].unique().to_list()),
        last_recipes=lists.last_recipes(session, household_ids, before=as_of),
    )


def with_content(
    documents: Sequence[tuple[int, ListDocument]],
    letters: LetterContent,
    purchases: pl.DataFrame,
    needs: Needs,
) -> list[tuple[int, ListDocument]]:
    """The documents of households with what their letters carry besides.

    Nobody gets a recipe that names an item with goods that do not suit it.
    """
    recipes = _recipes(documents, letters, purchases, needs) if letters.recipes else {}
    return [
        (
            household_id,
            replace(
                document,
                content=Content(
                    recipe=recipes.get(household_id),
                    tip=_tip(letters, document.language),
                    hours=_hours(letters, household_id, document.language),
                    partner=_partner(letters, document),
                ),
            ),
        )
        for household_id, document in documents
    ]


def _recipes(
    documents: Sequence[tuple[int, ListDocument]],
    letters: LetterContent,
    purchases: pl.DataFrame,
    needs: Needs,
) -> dict[int, Recipe]:
    # Most purchases are of nothing that a recipe or a diet names, but diets ask how many there are.
    bought = bought_items(purchases, as_of=letters.as_of)
    offered = pl.DataFrame(
        [
            (key, line.offer_id, line.line)
            for key, document in documents
            for line in document.offers
        ],
        {"household_id": pl.Int64, "offer_id": pl.Int64, "line": pl.Int64},
        orient="row",
    ).join(letters.covers, on="offer_id")
    at_hand = items_at_hand(letters.goods, bought, offered).join(
        _unsuited(letters, needs), on=["household_id", "recipe"], how="anti", maintain_order="left"
    )
    households = pl.DataFrame(
        [(key, document.language, letters.last_recipes.get(key)) for key, document in documents],
        {"household_id": pl.Int64, "language": pl.String, "last_key": pl.String},
        orient="row",
    )
    spoken = {document.language for _, document in documents}
    chosen = choose_recipes(
        at_hand,
        _recipe_frame(letters, spoken),
        households=households,
        followed=pl.concat([followed_diets(bought, letters.without), _said(letters, needs)]),
        turn=letters.cycle_number,
    )
    places: dict[int, dict[int, tuple[bool, int | None]]] = {}
    for key, number, place, is_bought, line in at_hand.select(
        "household_id", "recipe", "place", "bought", "line"
    ).iter_rows():
        if chosen.get(key) == number:
            places.setdefault(key, {})[place] = (is_bought, line)
    said = {
        (number, tag): form.said_in(tag, picture=letters.picture(form.picture))
        for number, form in enumerate(letters.recipes)
        for tag in spoken
    }
    made = {}
    for key, document in documents:
        recipe = said[chosen[key], document.language] if key in chosen else None
        if recipe is not None:
            made[key] = _marked(recipe, places[key])
    return made


def _unsuited(letters: LetterContent, needs: Needs) -> pl.DataFrame:
    """The recipes with an item that does not suit a household: household_id, recipe."""
    broken = letters.goods.join(needs.items, on="item_id")
    pairs = needs.households.join(broken, on="need").select("household_id", "recipe")
    return pairs.unique()


def _said(letters: LetterContent, needs: Needs) -> pl.DataFrame:
    """The diets that households say they follow, as far as the content has such: as `followed`."""
    known = letters.without.select(pl.col("diet").alias("need")).unique()
    said = needs.households.join(known, on="need", how="semi")
    return said.select("household_id", pl.col("need").alias("diet"))


def _marked(recipe: Recipe, places: Mapping[int, tuple[bool, int | None]]) -> Recipe:
    items = tuple(
        RecipeItem(item.text, *places.get(place, (False, None)))
        for place, item in enumerate(recipe.items)
    )
    return replace(recipe, items=items)


def _recipe_frame(letters: LetterContent, spoken: set[str]) -> pl.DataFrame:
    named = dict(letters.goods.group_by("recipe").agg(pl.col("place").n_unique()).iter_rows())
    return pl.DataFrame(
        [
            {
                "recipe": number,
                "key": form.key,
                "named": named.get(number, 0),
                "languages": sorted(tag for tag in spoken if form.said_in(tag) is not None),
                "diets": [*form.diets],
            }
            for number, form in enumerate(letters.recipes)
        ],
        {
            "recipe": pl.Int64,
            "key": pl.String,
            "named": pl.Int64,
            "languages": pl.List(pl.String),
            "diets": pl.List(pl.String),
        },
    )


def _tip(letters: LetterContent, language: str) -> Tip | None:
    said = [
        tip
        for form in letters.tips
        if (tip := form.said_in(language, picture=letters.picture(form.picture))) is not None
    ]
    return said[letters.cycle_number % len(said)] if said else None


def _hours(letters: LetterContent, household_id: int, language: str) -> OpeningHours | None:
    store = letters.stores.get(household_id)
    for form in letters.hours:
        if form.store in ("", store) and (said := form.said_in(language)) is not None:
            return said
    return None


def _partner(letters: LetterContent, document: ListDocument) -> PartnerSlot | None:
    for line in document.offers:
        form = letters.partners.get(line.offer_id)
        if form is not None:
            picture = letters.picture(form.picture)
            return form.said_in(document.language, offer_line=line.line, picture=picture)
    return None


def _rank(hours: HoursForm) -> tuple[bool, bool, str]:
    """Those of a store before those of every store, then those with dates before the usual ones."""
    return not hours.store, hours.begins is None and hours.until is None, hours.key


def _by_store(hours: Sequence[HoursForm]) -> bool:
    return any(each.store for each in hours)


def _stores(
    session: Session, settings: Settings, as_of: date, household_ids: Sequence[int]
) -> dict[int, str]:
    found = baskets.usual_stores(
        session,
        since=midnight(as_of - timedelta(weeks=CURRENT_WEEKS), settings),
        before=midnight(as_of, settings),
        household_ids=household_ids,
    )
    return dict(found.select("household_id", "store").iter_rows())


def _by_offer(session: Session, partners: Sequence[PartnerForm]) -> dict[int, PartnerForm]:
    if not partners:
        return {}
    by_deal = {(each.supplier.casefold(), each.deal): each for each in partners}
    return {
        offer_id: by_deal[supplier.casefold(), deal]
        for offer_id, supplier, deal in issuable.partners(session)
        if (supplier.casefold(), deal) in by_deal
    }


def _item_ids(items: pl.DataFrame, wanted: Set[str]) -> Names:
    """The items of each wanted name of an item, a category and a department.

    `wanted` are names without regard to case.
    """
    found: Names = {}
    for column in ("item", "category", "department"):
        ids = found[column] = {}
        for name, item_id in zip(items[column], items["item_id"], strict=True):
            folded = name.casefold()
            if folded in wanted:
                ids.setdefault(folded, set()).add(item_id)
    return found


def _names_in(recipes: Sequence[RecipeForm], diets: Sequence[DietForm]) -> Set[str]:
    of_recipes = {name for form in recipes for item in form.items for name in item.goods}
    of_diets = {name for diet in diets for name in diet.without}
    return {name.casefold() for name in of_recipes | of_diets}


def _goods(recipes: Sequence[RecipeForm], names: Names) -> pl.DataFrame:
    rows = {
        (number, place, item_id)
        for number, form in enumerate(recipes)
        for place, item in enumerate(form.items)
        for name in item.goods
        for column in ("item", "category")
        for item_id in names[column].get(name.casefold(), ())
    }
    return pl.DataFrame(sorted(rows), _GOODS, orient="row")


def _without(diets: Sequence[DietForm], names: Names) -> pl.DataFrame:
    rows = {
        (diet.key, item_id)
        for diet in diets
        for name in diet.without
        for of in names.values()
        for item_id in of.get(name.casefold(), ())
    }
    return pl.DataFrame(sorted(rows), _WITHOUT, orient="row")
