"""Pictures that are printed on letters, each kept once."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from service.store.tables.types import UtcMoment


class PictureKind(StrEnum):
    """What a picture is of; the name of a product's is its GTIN."""

    PRODUCT = "product"
    DEPARTMENT = "department"
    CONTENT = "content"
    LOGO = "logo"


class Picture(SQLModel, table=True):
    """A prepared picture (JPEG in sRGB). `digest` is the SHA-256 of its `data`, in hexadecimal.

    A row is never changed or removed: lists name pictures by digest.
    """

    digest: str = Field(primary_key=True)
    width: int
    height: int
    data: bytes
    loaded_at: datetime = Field(sa_type=UtcMoment)


class PictureName(SQLModel, table=True):
    """The picture that lists of today print for a product, a department, a recipe, the logo."""

    __tablename__ = "picture_name"

    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    digest: str = Field(foreign_key="picture.digest", index=True)
