"""Files for the tests of loading."""

from pathlib import Path

PRODUCTS = """gtin,description,item,category,department,supplier,price_cents
2000000000015,Dale Milk 1 l,Milk,Dairy,Chilled,Dale Foods,120
2000000000022,Oven Bread 500 g,Bread,Bakery,Grocery,Oven Works,250
"""
HOUSEHOLDS = "household_id\nH1\nH2\nH3\n"
BASKETS = """\
household_id,basket_id,store_id,terminal,purchased_at,line,gtin,quantity,unit,amount_cents
H1,0001,0042,07,2026-03-01T17:04:00+00:00,1,2000000000015,2,each,240
H1,0001,0042,07,2026-03-01T17:04:00+00:00,2,2000000000022,1,each,250
,0002,0042,07,2026-03-01T18:00:00+00:00,1,4011,0.75,kg,150
H2,0003,0042,07,2026-03-02T09:00:00+00:00,1,2000000000015,1,each,120
"""


def write_file(path: Path, content: str | bytes) -> Path:
    """The path, with this content in it."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
