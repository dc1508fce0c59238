"""Folders and tables of pictures: what is kept under which name, and what is refused where."""

from pathlib import Path

import pytest

from service.errors import NotFound
from service.files.pictures import load_pictures, prepare
from service.files.products import load_products
from service.settings import Settings
from service.store import pictures
from service.store.session import Database
from service.store.tables.picture import PictureKind
from tests.files.files import PRODUCTS
from tests.files.pictures.server import picture, serving

GTIN, OTHER, WITH_ZERO = "2000000000015", "2000000000022", "01234565"


def named(database: Database) -> dict[tuple[str, str], str]:
    with database.read() as session:
        return pictures.named(session, [*PictureKind])


def test_a_folder_is_loaded_by_the_names_of_its_files(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    for name, data in {
        f"{GTIN}.jpg": picture(),
        f"{WITH_ZERO}.jpeg": picture(50, 50),
        f"0{OTHER}.gif": picture(kind="JPEG"),
        "logo.png": picture(60, 20),
        "departments/Dairy.png": picture(),
        "content/Lentil soup.webp": picture(kind="WEBP"),
        "IMG_0001.jpg": picture(),
        f"{GTIN[:-1]}6.jpg": picture(),
        "2000000000039.svg": b"<svg/>",
        ".DS_Store": b"x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / f"{GTIN}.png").write_bytes(picture(7, 7))
    (folder / "raw").mkdir()
    report = load_pictures(database, settings, folder)
    assert (report.read, report.taken, report.known, report.refused) == (10, 6, 0, 4)
    assert sorted(map(str, report.problems)) == [
        f"{GTIN}.png: is of the same as {GTIN}.jpg (keep the one that is right)",
        "2000000000016.jpg: is not named by a GTIN (name it GTIN.jpg, or logo.png)",
        "2000000000039.svg: is an SVG, which is not read: export it as PNG",
        "IMG_0001.jpg: is not named by a GTIN (name it GTIN.jpg, or logo.png)",
    ]
    assert [note.text for note in report.notes] == [
        "folder raw is not read; known are departments, content",
        f"3 of the pictures are of products not loaded yet: {WITH_ZERO}, {GTIN}, {OTHER}",
    ]
    found = named(database)
    same = prepare(picture()).digest
    assert found == {
        ("product", GTIN): same,
        ("product", "1234565"): prepare(picture(50, 50)).digest,
        ("product", OTHER): prepare(picture(kind="JPEG")).digest,
        ("logo", ""): prepare(picture(60, 20)).digest,
        ("department", "Dairy"): same,
        ("content", "Lentil soup"): prepare(picture(kind="WEBP")).digest,
    }
    with database.read() as session:
        assert pictures.of_products(session, [int(GTIN), 7]) == {int(GTIN): same}
    kept = pictures.KeptPictures(database)
    assert kept[same] == prepare(picture()).data
    assert [*kept] == sorted({*found.values()})
    assert len(kept) == len([*kept])
    assert kept.get("0" * 64) is None
    again = load_pictures(database, settings, folder)
    assert (again.taken, again.known, again.refused) == (0, 6, 4)
    (folder / f"{GTIN}.jpg").write_bytes(picture(31, 31))
    assert load_pictures(database, settings, folder).taken == 1
    assert named(database)["product", GTIN] != same
    # Lists that were printed with it still find it.
    assert kept[same] == prepare(picture()).data


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_loads_files_and_addresses_and_names_each_row_that_it_cannot(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """One picture that does not come keeps no other away (woocommerce#26333)."""
    (tmp_path / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    load_products(database, tmp_path / "products.csv")
    (tmp_path / "shop").mkdir()
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "shop" / "b.png").write_bytes(picture(9, 9))
    (tmp_path / "large.png").write_bytes(picture() + bytes(20_000))
    with serving() as server:
        table = tmp_path / "shop" / "pictures.csv"
        table.write_text(
            "EAN;department;name;Image URL\n"
            f"{GTIN};;;{server}/8.png?x=260\n"
            f";Dairy;;b.png\n"
            f";;Logo;{server}/a\n"
            f";;Soup;../a.png\n"
            f"{OTHER};;;{server}/gone\n"
            f"{OTHER};Dairy;;b.png\n"
            f";;;b.png\n"
            f"123;;;b.png\n"
            f"2000000000039;;;http://10.0.0.1/a.png\n"
            f"2000000000046;;;missing.png\n"
            f"{OTHER};;;\n",
            encoding="utf-8",
        )
        own = settings.model_copy(update={"picture_networks": "127.0.0.0/8"})
        report = load_pictures(database, own, table)
        assert (report.read, report.taken, report.known, report.refused) == (11, 3, 0, 8)
        shown = "\n".join(sorted(str(each) for each in report.problems))
        for expected in (
            "row 5, column picture: is outside the folder of the table",
            "row 6, column picture: was answered with status 404",
            "row 7: names gtin and department (give one of gtin, department, name)",
            "row 8: names nothing (give one of gtin, department, name)",
            "row 9, column gtin: '123' is not a GTIN",
            "row 10, column picture: comes from 10.0.0.1, which is no public address",
            "row 11, column picture: is no file",
            "row 12, column picture: ",
        ):
            assert expected in shown, shown
        assert {kind for kind, _ in named(database)} == {"product", "department", "logo"}
        refused = load_pictures(database, settings, table)
        assert "row 2, column picture: comes from 127.0.0.1, which is no public" in "\n".join(
            map(str, refused.problems)
        )
    small = settings.model_copy(update={"picture_max_bytes": 10_000})
    (tmp_path / "t.csv").write_text(f"gtin,picture\n{GTIN},large.png\n", encoding="utf-8")
    (problem,) = load_pictures(database, small, tmp_path / "t.csv").problems
    assert problem.detail == "has more than 10,000 bytes"
    with pytest.raises(NotFound):
        load_pictures(database, settings, tmp_path / "nothing")
