"""The form of a file of content, and the JSON Schema that documents it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from service.engine.content import (
    OpeningHours,
    PartnerSlot,
    Pictogram,
    Recipe,
    RecipeItem,
    Tip,
    in_language,
)
from service.engine.texts import clean

SCHEMA = "larder-content/1"


def _cleaned(text: str) -> str:
    cleaned = " ".join(clean(text).split(" "))
    if not cleaned.strip():
        raise ValueError("is empty")
    return cleaned.strip()


Text = Annotated[str, AfterValidator(_cleaned), Field(min_length=1)]
Language = Annotated[str, Field(pattern="^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
Texts = Annotated[
    dict[Language, Text], Field(min_length=1, description="A text by language (BCP 47)")
]
Lines = Annotated[
    dict[Language, Annotated[list[Text], Field(min_length=1, max_length=12)]],
    Field(min_length=1, description="Lines by language (BCP 47)"),
]
Key = Annotated[
    str,
    Field(
        pattern="^[a-z0-9][a-z0-9-]{0,59}$",
        description="Its own name: loading another entry with this key replaces it",
    ),
]
Name = Annotated[str, AfterValidator(_cleaned)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    key: Key


class _Dated(_Entry):
    months: list[Annotated[StrictInt, Field(ge=1, le=12)]] = Field(
        default=[], description="Its season: months (1 to 12) in which a letter arrives; else all"
    )
    begins: date | None = Field(
        default=None, alias="from", description="The first day on which a letter with it arrives"
    )
    until: date | None = Field(default=None, description="The last such day")

    def is_fitting(self, day: date) -> bool:
        """Whether it goes into letters that arrive on a day."""
        return (
            (not self.months or day.month in self.months)
            and (self.begins is None or self.begins <= day)
            and (self.until is None or day <= self.until)
        )


class ItemForm(BaseModel):
    """One item of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Texts
    goods: list[Name] = Field(
        default=[],
        max_length=20,
        description="What of the shop's it is: names of items or categories; empty for water, salt",
    )


class RecipeForm(_Dated):
    """A recipe."""

    title: Texts
    picture: str = Field(default="", description="The name of a picture of content")
    minutes: StrictInt = Field(default=0, ge=0, le=2880)
    serves: StrictInt = Field(default=0, ge=0, le=50)
    diets: list[Key] = Field(default=[], description="The diets it suits, by their keys")
    items: list[ItemForm] = Field(min_length=1, max_length=20)
    steps: Lines

    def said_in(self, language: str, *, picture: str | None = None) -> Recipe | None:
        """The recipe in a language, for a household that has nothing of it; None without texts."""
        title, steps = in_language(self.title, language), in_language(self.steps, language)
        items = [in_language(item.text, language) for item in self.items]
        if title is None or steps is None:
            return None
        return Recipe(
            key=self.key,
            title=title,
            items=tuple(RecipeItem(text) for text in items if text is not None),
            steps=tuple(steps),
            picture=picture,
            minutes=self.minutes,
            serves=self.serves,
        )


class TipForm(_Dated):
    """A tip; each letter has one, and the next cycle's the next."""

    title: Texts
    text: Texts
    picture: str = Field(default="", description="The name of a picture of content")

    def said_in(self, language: str, *, picture: str | None = None) -> Tip | None:
        """The tip in a language; None without texts."""
        title, text = in_language(self.title, language), in_language(self.text, language)
        if title is None or text is None:
            return None
        return Tip(key=self.key, title=title, text=text, picture=picture)


class HoursForm(_Dated):
    """Opening hours. Those of a household's own store go before those of every store."""

    store: str = Field(default="", description="The store's number; empty for every store")
    title: Texts
    lines: Lines

    def said_in(self, language: str) -> OpeningHours | None:
        """The hours in a language; None without texts."""
        title, lines = in_language(self.title, language), in_language(self.lines, language)
        if title is None or lines is None:
            return None
        return OpeningHours(title, tuple(lines))


class PartnerForm(_Entry):
    """What is printed for a deal of the kind `partner`, besides its title and value."""

    supplier: Name = Field(description="Who pays for the slot, as in the file of deals")
    deal: Name = Field(description="The deal's id in the file of deals")
    title: Texts
    text: Texts
    picture: str = Field(default="", description="The name of a picture of content")

    def said_in(
        self, language: str, *, offer_line: int, picture: str | None = None
    ) -> PartnerSlot | None:
        """The partner's words in a language; None without texts."""
        title, text = in_language(self.title, language), in_language(self.text, language)
        if title is None or text is None:
            return None
        return PartnerSlot(title, text, offer_line, picture)


class DietForm(_Entry):
    """A diet: which goods whoever follows it never buys."""

    without: list[Name] = Field(
        min_length=1, description="Names of items, categories or departments"
    )


class ContentForm(BaseModel):
    """A file of content."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, title="Content of Larder's letters", populate_by_name=True
    )

    schema_: Literal["larder-content/1"] = Field(alias="schema")
    recipes: list[RecipeForm] = []
    tips: list[TipForm] = []
    hours: list[HoursForm] = []
    partners: list[PartnerForm] = []
    diets: list[DietForm] = []
    pictograms: dict[Name, Pictogram] = Field(
        default={}, description="What is drawn for an item, category or department, by its name"
    )


def json_schema() -> Mapping[str, Any]:
    """The JSON Schema of a file of content."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **ContentForm.model_json_schema(by_alias=True)}
