"""The sample's products: real goods under readable names and invented brands."""

import polars as pl

from bench.sample import fiction, wording

_GTIN_PREFIX = "20"
_GTIN_WEIGHTS = (1, 3) * 6


def gtin_of(product_id: pl.Expr) -> pl.Expr:
    """A store-internal EAN-13: prefix 20, the product number in 10 digits, the check digit."""
    body = pl.lit(_GTIN_PREFIX) + product_id.cast(pl.String).str.zfill(10)
    weighted = [
        body.str.slice(place, 1).cast(pl.Int64) * weight
        for place, weight in enumerate(_GTIN_WEIGHTS)
    ]
    check = (10 - pl.sum_horizontal(weighted) % 10) % 10
    return body + check.cast(pl.String)


def catalogue(lines: pl.DataFrame) -> pl.DataFrame:
    """The columns of products.parquet plus `product_id` and `manufacturer_id`, by product number.

    `lines` are the merchandise lines of all households, so that names and prices of a product do
    not depend on which households are chosen.
    """
    goods = lines.group_by("product_id").agg(
        pl.col(
            "manufacturer_id",
            "brand",
            "department",
            "product_category",
            "product_type",
            "package_size",
        ).first(),
        price_cents=(pl.col("shelf_cents") / pl.col("quantity"))
        .median()
        .add(0.5)
        .floor()
        .cast(pl.Int64),
        sold=pl.len(),
    )
    goods = goods.with_columns(private_label=pl.col("brand") == "Private")
    named = _named(goods.sort("product_id"), _main_departments(lines))
    return _described(named).select(
        "product_id",
        "manufacturer_id",
        "gtin",
        "description",
        "brand",
        "private_label",
        "item",
        "category",
        "department",
        "supplier",
        "package_size",
        "price_cents",
        "restriction",
    )


def _main_departments(lines: pl.DataFrame) -> dict[int, str]:
    sales = lines.group_by("manufacturer_id", "department").agg(pl.col("amount_cents").sum())
    best = sales.sort("amount_cents", "department", descending=[True, False]).unique(
        "manufacturer_id", keep="first", maintain_order=True
    )
    return dict(best.select("manufacturer_id", "department").iter_rows())


def _named(goods: pl.DataFrame, main_departments: dict[int, str]) -> pl.DataFrame:
    kinds = goods.select("product_type", "product_category").unique(
        "product_type", keep="first", maintain_order=True
    )
    names = wording.item_names(kinds.iter_rows())
    items = [
        wording.item_name(*kind, names)
        for kind in goods.select("product_type", "product_category").iter_rows()
    ]
    makers = goods["manufacturer_id"].unique().sort().to_list()
    brands = {maker: fiction.brand(maker) for maker in makers}
    suppliers = {maker: fiction.supplier(maker, main_departments[maker]) for maker in makers}
    categories = goods["product_category"].unique().sort().to_list()
    departments = goods["department"].unique().sort().to_list()
    sizes = goods.select("package_size", "department").iter_rows()

    def own(national: dict[int, str], store: str) -> pl.Expr:
        maker = pl.col("manufacturer_id").replace_strict(national, return_dtype=pl.String)
        return pl.when("private_label").then(pl.lit(store)).otherwise(maker)

    def spoken(column: str, names: dict[str, str]) -> pl.Expr:
        return pl.col(column).replace_strict(names, return_dtype=pl.String)

    return goods.with_columns(
        gtin=gtin_of(pl.col("product_id")),
        brand=own(brands, fiction.STORE_BRAND),
        supplier=own(suppliers, fiction.STORE_SUPPLIER),
        item=pl.Series(items, dtype=pl.String),
        category=spoken("product_category", {c: wording.category_name(c) for c in categories}),
        department=spoken("department", {d: wording.department_name(d) for d in departments}),
        restriction=pl.col("product_category").replace_strict(
            {c: wording.restriction(c) for c in categories}, return_dtype=pl.String
        ),
        package_size=pl.Series([wording.package_size(*row) for row in sizes], dtype=pl.String),
    )


def _described(goods: pl.DataFrame) -> pl.DataFrame:
    """Adds `description`: brand, item, a variant word where several would be alike, size.

    Of like products the most sold goes without a variant word.
    """
    alike = ("brand", "item", "package_size")
    ranked = (
        goods.sort("sold", "product_id", descending=[True, False])
        .with_columns(rank=pl.int_range(pl.len()).over(alike))
        .sort("product_id")
    )
    descriptions = [
        " ".join(part for part in (brand, item, fiction.variant(rank), size) if part)
        for brand, item, size, rank in ranked.select(
            "brand", "item", "package_size", "rank"
        ).iter_rows()
    ]
    return ranked.with_columns(description=pl.Series(descriptions, dtype=pl.String))
