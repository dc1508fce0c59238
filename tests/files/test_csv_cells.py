"""No cell of a file that leaves the house is a formula, and every cell comes back as it was."""

import csv
import io

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from service.files.csv_cells import BOM, guarded, to_csv, unguarded

TEXTS = st.text(alphabet=st.sampled_from("=+-@\t\r\n'\"a1 ,;\uff1d\uff0b\uff0d\uff20é"), max_size=6)


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_what_is_guarded_computes_nothing_and_comes_back(texts: list[str]) -> None:
    frame = pl.DataFrame({"name": texts, "seq": range(len(texts))})
    safe = guarded(frame)
    assert not [text for text in safe["name"] if text[:1] in tuple("=+-@\t\r\n＝＋－＠")]
    assert unguarded(safe).equals(frame)


def test_a_file_with_a_formula_and_a_mark() -> None:
    frame = pl.DataFrame({"name": ['=HYPERLINK("http://x")', "-1+1", "O'Brien", "'=1"], "seq": 1})
    raw = to_csv(frame, bom=True)
    assert raw.startswith(BOM)
    assert not to_csv(frame, bom=False).startswith(BOM)
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [row["name"] for row in rows] == [
        "'=HYPERLINK(\"http://x\")", "'-1+1", "O'Brien", "''=1",
    ]  # fmt: skip
