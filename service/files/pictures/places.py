"""Where pictures are: files of a folder by their names, or the rows of a table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from service.engine.reading import Reading
from service.errors import InvalidInput, Problem
from service.files import products, rows
from service.files.headers import HeaderRules
from service.files.report import LoadReport
from service.files.rows import FileColumn
from service.files.text_form import TextOptions
from service.store.tables.picture import PictureKind

LOGO = "logo"
_FOLDERS = {"departments": PictureKind.DEPARTMENT, "content": PictureKind.CONTENT}
_NAMED = ("gtin", "department", "name")
_RULES = HeaderRules(
    also={
        "gtin": ("ean", "upc", "barcode"),
        "picture": ("image", "url", "file", "image url", "picture url", "filename"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """A picture to load: where a fault of it is, what it is of, and its file or address."""

    where: str
    kind: PictureKind
    name: str
    source: Path | str


def in_folder(folder: Path, reading: Reading, report: LoadReport) -> Iterator[Place]:
    """The pictures of a folder; files whose names say nothing are refused in the report.

    `GTIN.jpg` and `logo.png` are in the folder itself, `NAME.jpg` in its folders `departments` and
    `content`. The ends of names do not matter.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "Thumbs.db":
            continue
        if path.is_dir():
            kind = _FOLDERS.get(path.name)
            if kind is None:
                report.note(f"folder {path.name} is not read; known are {', '.join(_FOLDERS)}")
                continue
            for each in sorted(path.iterdir()):
                if each.is_file() and not each.name.startswith("."):
                    report.read += 1
                    yield Place(f"{path.name}/{each.name}", kind, each.stem.strip(), each)
            continue
        report.read += 1
        if path.stem == LOGO:
            yield Place(path.name, PictureKind.LOGO, "", path)
            continue
        try:
            key = reading.goods.catalogued(path.stem)
        except InvalidInput:
            problem = Problem(path.name, "is not named by a GTIN", "name it GTIN.jpg, or logo.png")
            report.refuse((problem,), 1)
            continue
        yield Place(path.name, PictureKind.PRODUCT, str(key), path)


def in_table(
    path: Path, reading: Reading, text: TextOptions, report: LoadReport
) -> Iterator[Place]:
    """The pictures of a table; rows that cannot be read are refused in the report.

    Each row has a `gtin`, a `department` or a `name` (`logo`, or that of a picture of content), and
    `picture`: an address, or a file beside the table.
    """
    columns = (
        replace(products.columns(reading)[0], required=False),
        FileColumn("department", rows.text, "text", required=False, default=""),
        FileColumn("name", rows.text, "text", required=False, default=""),
        FileColumn("picture", rows.text, "an address or a file"),
    )
    for chunk in rows.read(path, columns, options=text, rules=_RULES):
        report.read += chunk.rows.height + chunk.refused
        report.refuse(chunk.problems, chunk.refused)
        report.notes.extend(chunk.notes)
        for row in chunk.rows.iter_rows(named=True):
            where = f"{path.name}, row {row[rows.ROW]}"
            given = [name for name in _NAMED if row[name]]
            if len(given) != 1:
                what = "names nothing" if not given else f"names {' and '.join(given)}"
                remedy = f"give one of {', '.join(_NAMED)}"
                report.refuse((Problem(where, what, remedy),), 1)
                continue
            yield _place_of(f"{where}, column picture", row, path.parent)


def _place_of(where: str, row: dict[str, str | int], folder: Path) -> Place:
    source = str(row["picture"])
    found = source if "://" in source else folder / source
    if row["gtin"]:
        return Place(where, PictureKind.PRODUCT, str(row["gtin"]), found)
    if row["department"]:
        return Place(where, PictureKind.DEPARTMENT, str(row["department"]), found)
    if str(row["name"]).casefold() == LOGO:
        return Place(where, PictureKind.LOGO, "", found)
    return Place(where, PictureKind.CONTENT, str(row["name"]), found)
