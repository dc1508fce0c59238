"""Queries on what is sold."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.store import goods_names
from service.store.bulk import is_sqlite, stage
from service.store.tables.catalogue import Category, Item, Product, Store, Supplier

# New rows are numbered in the order of their names, byte by byte, so that the same files give the
# same numbers on every database; rows that exist already use up no number.
_NEW = (
    """INSERT INTO supplier (name)
       SELECT s.supplier FROM staged_product s
       WHERE NOT EXISTS (SELECT 1 FROM supplier u WHERE u.name = s.supplier)
       GROUP BY s.supplier ORDER BY s.supplier {bytewise}
       ON CONFLICT (name) DO NOTHING""",
    """UPDATE category SET department = (SELECT min(s.department) FROM staged_product s
                                         WHERE s.category = category.name)
       WHERE name IN (SELECT category FROM staged_product)""",
    """INSERT INTO category (name, department)
       SELECT s.category, min(s.department) FROM staged_product s
       WHERE NOT EXISTS (SELECT 1 FROM category c WHERE c.name = s.category)
       GROUP BY s.category ORDER BY s.category {bytewise}
       ON CONFLICT (name) DO NOTHING""",
    """INSERT INTO item (name, category_id)
       SELECT s.item, min(c.id) FROM staged_product s JOIN category c ON c.name = s.category
       WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.name = s.item)
       GROUP BY s.item ORDER BY s.item {bytewise}
       ON CONFLICT (name) DO NOTHING""",
)
_PRODUCTS = """INSERT INTO product (gtin, description, brand, private_label, item_id, category_id,
                        supplier_id, package_size, restriction, price_cents, cost_cents,
                        allergens, diets)
    SELECT s.gtin, s.description, s.brand, s.private_label, i.id, c.id, u.id,
           s.package_size, s.restriction, s.price_cents, s.cost_cents, s.allergens, s.diets
    FROM staged_product s JOIN item i ON i.name = s.item
    JOIN category c ON c.name = s.category JOIN supplier u ON u.name = s.supplier
    WHERE true
    ON CONFLICT (gtin) DO UPDATE SET """
_ALWAYS_RENEWED = ("description", "item_id", "category_id", "supplier_id")
_RENEWED_IF_LISTED = (
    "brand", "private_label", "package_size", "restriction", "price_cents", "cost_cents",
    "allergens", "diets",
)  # fmt: skip


def upsert_products(
    session: Session, products: pl.DataFrame, *, renewed: Collection[str], at: datetime
) -> None:
    """Add or update products by GTIN, with the suppliers, categories and items they name.

    Columns: gtin, description, brand, private_label, item, category, department, supplier,
    package_size, restriction, price_cents, cost_cents, allergens, diets. GTINs are unique in the
    frame. An item stays in its first category. Of an existing product what may be left out of a
    file changes only where `renewed` has the column. What a product was until `at` is kept where
    deals may be for it by that.
    """
    stage(session, "staged_product", products)
    bytewise = "" if is_sqlite(session) else 'COLLATE "C"'
    for statement in _NEW:
        session.execute(text(statement.format(bytewise=bytewise)))
    goods_names.keep_moved(session, at=at, brands="brand" in renewed)
    changed = (*_ALWAYS_RENEWED, *(column for column in _RENEWED_IF_LISTED if column in renewed))
    changes = ", ".join(f"{column} = excluded.{column}" for column in changed)
    session.execute(text(_PRODUCTS + changes))


def ensure_stores(session: Session, store_ids: list[str], *, timezone: str) -> None:
    """Add the stores that do not exist yet."""
    for store_id in store_ids:
        session.execute(
            text("INSERT INTO store (id, timezone) VALUES (:id, :timezone) ON CONFLICT DO NOTHING"),
            {"id": store_id, "timezone": timezone},
        )


def store_zone(session: Session, store_id: str) -> str | None:
    """The time zone of a store; None for an unknown store."""
    return session.exec(select(Store.timezone).where(Store.id == store_id)).first()


def zones(session: Session) -> set[str]:
    """The time zones that stores are in."""
    return set(session.exec(select(Store.timezone).distinct()).all())


def store_zones(session: Session, store_ids: Sequence[str]) -> dict[str, str]:
    """The time zones of some stores, by store."""
    statement = select(Store.id, Store.timezone).where(col(Store.id).in_(store_ids))
    return dict(session.exec(statement).all())


def store_regions(session: Session) -> dict[str, str]:
    """The region of every store, empty where nobody said one."""
    return dict(session.exec(select(Store.id, Store.region)).all())


def set_regions(session: Session, regions: Mapping[str, str]) -> int:
    """Give some stores their regions; how many changed."""
    changed = 0
    for store_id, region in sorted(regions.items()):
        changed += session.execute(
            text("UPDATE store SET region = :region WHERE id = :id AND region <> :region"),
            {"id": store_id, "region": region},
        ).rowcount  # type: ignore[attr-defined]
    return changed


def supplier(session: Session, supplier_id: int) -> Supplier | None:
    """A supplier."""
    return session.get(Supplier, supplier_id)


def supplier_by_name(session: Session, name: str) -> Supplier | None:
    """The supplier of that name."""
    return session.exec(select(Supplier).where(Supplier.name == name)).first()


def restricted(session: Session) -> list[int]:
    """The GTINs of the products that are never on a list."""
    return list(session.exec(select(Product.gtin).where(Product.restriction != "")).all())


def allergens(session: Session) -> dict[int, str]:
    """What is known to be in products, by GTIN, as `Product.allergens`."""
    statement = select(Product.gtin, Product.allergens).where(col(Product.allergens).is_not(None))
    return {gtin: words for gtin, words in session.exec(statement) if words}


def prices(session: Session) -> dict[int, int]:
    """The usual price in cents of each product that has one, by GTIN."""
    found = session.exec(
        select(Product.gtin, Product.price_cents).where(col(Product.price_cents).is_not(None))
    )
    return {gtin: cents for gtin, cents in found if cents}


def discoverable(session: Session) -> pl.DataFrame:
    """The items with a product that is not restricted: item_id, item, department."""
    product = (
        select(Product.gtin).where(Product.item_id == Item.id, Product.restriction == "").exists()
    )
    statement = (
        select(Item.id, Item.name, Category.department)
        .join(Category, col(Category.id) == col(Item.category_id))
        .where(product)
        .order_by(col(Item.id))
    )
    schema = {"item_id": pl.Int64, "item": pl.String, "department": pl.String}
    return pl.DataFrame(session.exec(statement).all(), schema=schema, orient="row")


def names(session: Session) -> tuple[set[str], set[str], set[str]]:
    """The names of items, of categories and of departments, without regard to case."""
    items = session.exec(select(Item.name)).all()
    found = session.exec(select(Category.name, Category.department)).all()
    return (
        {name.casefold() for name in items},
        {name.casefold() for name, _ in found},
        {department.casefold() for _, department in found},
    )


def items(session: Session) -> pl.DataFrame:
    """Every item with the group above it: item_id, item, category, department."""
    statement = (
        select(Item.id, Item.name, Category.name, Category.department)
        .join(Category, col(Category.id) == col(Item.category_id))
        .order_by(col(Item.id))
    )
    schema = {
        "item_id": pl.Int64, "item": pl.String, "category": pl.String, "department": pl.String
    }  # fmt: skip
    return pl.DataFrame(session.exec(statement).all(), schema=schema, orient="row")


def item_names(session: Session, item_ids: Sequence[int]) -> pl.DataFrame:
    """What some items are called: item_id, item."""
    chosen = ", ".join(str(int(each)) for each in item_ids) or "NULL"
    rows = session.execute(text(f"SELECT id, name FROM item WHERE id IN ({chosen})"))
    schema = {"item_id": pl.Int64, "item": pl.String}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def products(session: Session, *, gtins: Sequence[int] | None = None) -> pl.DataFrame:
    """The catalogue, or those of its products among `gtins`, a row a product.

    Columns: gtin, description, brand, private_label, item_id, item, category_id, category,
    department, supplier_id, restriction, price_cents, package_size.
    """
    statement = (
        select(  # type: ignore[call-overload]
            Product.gtin,
            Product.description,
            Product.brand,
            Product.private_label,
            Product.item_id,
            Item.name,
            Product.category_id,
            Category.name,
            Category.department,
            Product.supplier_id,
            Product.restriction,
            Product.price_cents,
            Product.package_size,
        )
        .join(Item, col(Item.id) == col(Product.item_id))
        .join(Category, col(Category.id) == col(Product.category_id))
        .order_by(col(Product.gtin))
    )
    if gtins is not None:
        statement = statement.where(col(Product.gtin).in_(gtins))
    rows = session.exec(statement).all()
    schema = {
        "gtin": pl.Int64,
        "description": pl.String,
        "brand": pl.String,
        "private_label": pl.Boolean,
        "item_id": pl.Int64,
        "item": pl.String,
        "category_id": pl.Int64,
        "category": pl.String,
        "department": pl.String,
        "supplier_id": pl.Int64,
        "restriction": pl.String,
        "price_cents": pl.Int64,
        "package_size": pl.String,
    }
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def supplier_ids(session: Session) -> dict[str, int]:
    """Every supplier's id by name."""
    return dict(session.exec(select(Supplier.name, Supplier.id)).all())


def ensure_suppliers(session: Session, names: list[str]) -> dict[str, int]:
    """The ids of suppliers by name; missing ones are added."""
    for name in names:
        session.execute(
            text("INSERT INTO supplier (name) VALUES (:name) ON CONFLICT (name) DO NOTHING"),
            {"name": name},
        )
    statement = select(Supplier.name, Supplier.id).where(col(Supplier.name).in_(names))
    return dict(session.exec(statement).all())


def ensure_category(session: Session, name: str) -> int:
    """The id of a category without goods, which is its own department; added when missing."""
    session.execute(
        text(
            """INSERT INTO category (name, department) VALUES (:name, :name)
               ON CONFLICT (name) DO NOTHING"""
        ),
        {"name": name},
    )
    return session.exec(select(Category.id).where(Category.name == name)).one()


def store_ids(session: Session) -> list[str]:
    """Every store that a key or a basket has named."""
    return [name for (name,) in session.execute(text("SELECT id FROM store ORDER BY id"))]
