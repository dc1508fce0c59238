"""docs/deals.md names every column of the form, as the code has it, and no other."""

import re
from pathlib import Path

from service.deals.columns import COLUMNS
from service.engine.redeem import BENEFITS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "deals.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_columns_in_the_document_are_those_of_the_form() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (yes|no|for products)(?: \((\w+)\))? \| (.+?) \| `(.+?)` \|$",
        section("The form"),
        re.MULTILINE,
    )
    assert rows == [
        (each.name, str(each.required), each.default, each.meaning, each.example)
        for each in COLUMNS
    ]


def test_the_benefits_in_the_document_are_those_of_the_template() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| `(.+?)` \|$", section("The form"), re.MULTILINE)
    assert rows[-len(BENEFITS) :] == [
        (kind, each.value_means, each.value_example) for kind, each in BENEFITS.items()
    ]
