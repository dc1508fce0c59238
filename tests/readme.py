"""The five steps of README.md, run on the shipped sample.

`python -m tests.readme` writes into README.md what the steps print today, and draws its picture of
what lists are worth.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from fastapi.testclient import TestClient

from service import sample
from service.__main__ import app
from service.api.app import create_app
from service.demo.picture import mean_by_cell, svg
from service.demo.run import write_history
from service.settings import load_settings
from service.store import copies, cycles, lists
from service.store.session import Database

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "pictures" / "worth.svg"

BLOCK = re.compile(r"(?<=<!-- step: )(\w+)( -->\n```console\n)(.*?)(?=```\n)", re.DOTALL)
"""What a step typed and printed, under its name."""

DIFFERS = (
    (re.compile(r"larder_[a-z]+_[\w-]{43}"), "KEY"),
    (re.compile(r'(?<="redemption_id":")[0-9a-f]{32}'), "ID"),
    (re.compile(r"\bin \d+\.\d s\b"), "in SECONDS"),
)
"""What is another at every run, and what it counts as; all else must be the same."""

AS_OF = "2017-11-25"
SHOPPED = "2017-11-26"
STORE = "0356"
WIDTH = 96
ANSWER_LINES = 4


def blocks(text: str) -> dict[str, str]:
    """What README.md says of each step."""
    return {name: said for name, _, said in BLOCK.findall(text)}


def alike(said: str) -> str:
    """A block without what is another at every run."""
    for pattern, name in DIFFERS:
        said = pattern.sub(name, said)
    return said


class Made(NamedTuple):
    """What the steps typed and printed, by name, and the picture of what their lists are worth."""

    steps: dict[str, str]
    picture: str


def run_steps() -> Made:
    """Run the steps in a folder of their own."""
    with tempfile.TemporaryDirectory() as clone, _empty_folder(Path(clone)):
        steps = {
            "load": "".join(_load()),
            "cycle": "".join(_cycle()),
            "publish": "".join(_publish()),
            "redeem": "".join(_redeem()),
            "next": "".join(_next()),
        }
        return Made(steps, _picture())


@contextmanager
def _empty_folder(clone: Path) -> Iterator[None]:
    """An empty folder beside the sample and what `larder demo` leaves, without settings."""
    (clone / "shop").mkdir()
    (clone / "larder-demo").mkdir()
    (clone / "service").symlink_to(ROOT / "service")
    with sample.folder() as files:
        baskets = pl.read_parquet(files / sample.BASKETS)
        write_history(baskets, clone / "larder-demo", zone=sample.TIMEZONE)
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("LARDER_")}
    try:
        with chdir(clone / "shop"):
            yield
    finally:
        os.environ.update(kept)


def _load() -> Iterator[str]:
    yield _typed("init --sample")
    yield _typed("migrate")
    yield _typed("load products ../service/sample/products.parquet")
    yield _typed("load households ../service/sample/households.parquet")
    yield _typed("load baskets ../larder-demo/history.parquet")
    yield _typed("load deals ../service/sample/deals.csv")


def _cycle() -> Iterator[str]:
    yield _until(_typed(f"cycle --as-of {AS_OF}"), '"worth": [')


def _publish() -> Iterator[str]:
    yield _typed("publish")
    (file,) = Path("batches").glob("*/*.pdf")
    yield _typed(f"verify {file} --sample 12")


def _redeem() -> Iterator[str]:
    added = _typed(f"keys add --role pos --store {STORE}")
    yield added
    settings = load_settings()
    database = Database(settings.database_url)
    with database.read() as session:
        example = lists.open_offer(session, 1)
        codes = lists.codes_by_ref(session, 1)
    (household,) = (ref for ref, code in codes.items() if code == example["code"])
    yield _first(4, _typed(f"lists show --household {household}"))
    yield "$ larder serve &\n"
    yield _curl(_body(example))
    with TestClient(create_app(database, settings)) as client:
        answer = client.post(
            "/v1/redemptions",
            json=_body(example),
            headers={"Authorization": f"Bearer {added.split()[-1]}"},
        )
    database.dispose()
    assert answer.status_code == 200, answer.text
    assert answer.json()["total_discount_cents"] > 0
    parts = [answer.text[at : at + WIDTH] for at in range(0, WIDTH * ANSWER_LINES, WIDTH)]
    yield "\n".join(parts) + " ...\n"


def _next() -> Iterator[str]:
    yield _typed("work --drain")
    yield _typed("status")


def _picture() -> str:
    settings = load_settings()
    database = Database(settings.database_url)
    with database.read() as session:
        cycle = cycles.get(session, 1)
        printed = copies.worth_by_cell(session, 1)
    database.dispose()
    assert cycle is not None
    return svg(cycle.summary["worth"], mean_by_cell(printed))


def _body(example: dict[str, str]) -> dict[str, Any]:
    return {
        "transaction": {
            "store": STORE,
            "terminal": "3",
            "business_date": SHOPPED,
            "number": "1187",
            "at": f"{SHOPPED}T17:04:12-05:00",
        },
        "presented": [{"kind": "list", "value": example["code"]}],
        "lines": [
            {
                "line": 1,
                "gtin": example["gtin"],
                "quantity": int(example["pieces"]),
                "unit": "each",
                "amount_cents": int(example["amount_cents"]),
            }
        ],
    }


def _curl(body: dict[str, Any]) -> str:
    said = [f'"{name}": {json.dumps(value)}' for name, value in body.items()]
    said = [each.replace(', "number"', ',\n          "number"') for each in said]
    said = [each.replace(', "unit"', ',\n          "unit"') for each in said]
    return (
        '$ curl -s http://127.0.0.1:8000/v1/redemptions -H "Authorization: Bearer $KEY" \\\n'
        "    -H 'Content-Type: application/json' -d '{\n      " + ",\n      ".join(said) + "}'\n"
    )


def _typed(line: str) -> str:
    """`larder` with these words, and what it printed; a command that fails raises."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(StringIO()):
        try:
            app(line.split(), prog_name="larder")
        except SystemExit as ended:
            if ended.code:
                raise
    return f"$ larder {line}\n{out.getvalue()}"


def _until(printed: str, last: str) -> str:
    head, found, _ = printed.partition(last)
    assert found
    return f"{head}{last} ...\n"


def _first(count: int, printed: str) -> str:
    """What was typed and that many lines of what came."""
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines()[: count + 1]) + "...\n"


def written(text: str, made: dict[str, str]) -> str:
    """README.md with these blocks; one that is alike stays as it is."""

    def renewed(block: re.Match[str]) -> str:
        name, between, said = block.groups()
        return name + between + (said if alike(said) == alike(made[name]) else made[name])

    return BLOCK.sub(renewed, text)


if __name__ == "__main__":
    steps, picture = run_steps()
    README.write_text(written(README.read_text("utf-8"), steps), "utf-8")
    PICTURE.write_text(picture, "utf-8")
    sys.stdout.write(f"{README} and {PICTURE} are written\n")
