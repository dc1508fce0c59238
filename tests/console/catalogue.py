"""The texts of pages and their catalogues: `python -m tests.console.catalogue` updates them.

Texts come from the templates, from `text`, `count` and `mark` in the modules of pages, and from
what the acts below say: `Notice`, and the errors that are shown to people. What is new gets an
empty translation, which a test refuses; what is gone is dropped.
"""

from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

import service
from service.pages.languages import CATALOGUES, LANGUAGES, SOURCE
from service.pages.page import TEMPLATES

ERRORS = ("Conflict", "FileTooLarge", "InvalidInput", "Notice", "WorkersDied")
"""What says in its first argument what people read."""
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "text": None, "mark": None,
             "count": (1, 2), **dict.fromkeys(ERRORS)}  # fmt: skip
_OPTIONS = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "silent": "false",
            "trim_blocks": "true", "lstrip_blocks": "true"}  # fmt: skip
_SERVICE = Path(service.__file__).parent
_SITES = ("console", "pages", "pocket", "portal")
"""What has texts of its own, in code and in templates."""
_ACTS = (
    "admin/keys.py", "admin/person.py", "admin/runs.py", "admin/people", "clearing", "cycle",
    "deals", "desk", "executors", "members", "publish", "results", "suppliers", "jobs/worker.py",
    "files/apart.py", "engine/lifecycle.py", "engine/lift/subject.py",
)  # fmt: skip


def acts() -> list[Path]:
    """The modules whose errors pages show."""
    found = [_SERVICE / name for name in _ACTS]
    return sorted(
        path for each in found for path in ([each] if each.is_file() else each.rglob("*.py"))
    )


def extracted() -> Catalog:
    """Every text of pages."""
    catalogue = Catalog(charset="utf-8")
    pages = [path for site in _SITES for path in sorted((TEMPLATES / site).rglob("*.html"))]
    code = [path for site in _SITES for path in sorted((_SERVICE / site).rglob("*.py"))]
    files = [(path, "jinja2.ext:babel_extract") for path in pages]
    files += [(path, "python") for path in [*code, *acts()]]
    for path, method in files:
        options = _OPTIONS if method.startswith("jinja2") else {}
        source = BytesIO(path.read_bytes())
        for _, message, _, _ in extract(method, source, keywords=_KEYWORDS, options=options):
            if message and message != ("", "") and all(message):
                catalogue.add(message)
    return catalogue


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is in the repository."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(catalogue: Catalog) -> bytes:
    """A catalogue as it is stored: no dates and no places, so that it only changes with texts."""
    out = BytesIO()
    write_po(out, catalogue, omit_header=False, no_location=True, sort_output=True, width=96,
             ignore_obsolete=True)  # fmt: skip
    dated = ("POT-Creation", "PO-Revision", "Generated-By", "Last-Translator", "Report-Msgid",
             "Project-Id", "Language-Team")  # fmt: skip
    lines = out.getvalue().decode().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("#")]
    return (
        "".join(line for line in kept if not line.startswith(tuple(f'"{d}' for d in dated)))
        .lstrip()
        .encode()
    )


def main() -> None:
    """Update the catalogue of each language."""
    texts = extracted()
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        catalogue = stored(language)
        catalogue.update(texts, no_fuzzy_matching=True)
        (CATALOGUES / f"{language}.po").write_bytes(written(catalogue))


if __name__ == "__main__":
    main()
