"""Lists to print: 12 offers out of 200 and 12 reminders out of 4,000 products a household."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from PIL import Image

from service.engine.codes import gcn, list_code
from service.engine.content import Pictogram
from service.engine.money import format_money
from service.engine.records import Address, ListDocument, Mailpiece, OfferLine, ReminderLine

GCN = gcn("952123400001")
OFFERS = 200
LATIN = [
    "Amber",
    "Birch",
    "Cedar",
    "Dairy",
    "Early",
    "Fresh",
    "Garden",
    "Harvest",
    "Island",
    "Juniper",
    "Kitchen",
    "Lemon",
]
HAN = [
    "新鲜", "有机", "农家", "特选", "家庭", "传统", "北方", "南方", "阳光", "山谷", "清泉", "四季",
]  # fmt: skip
HAN_GOODS = ["大米", "面条", "牛奶", "鸡蛋", "豆腐", "茶叶", "酱油", "苹果", "面包", "果汁"]
GOODS = [
    "Cheese",
    "Yogurt",
    "Coffee",
    "Bread",
    "Chicken",
    "Pasta",
    "Oil",
    "Water",
    "Towels",
    "Spinach",
    "Berries",
    "Milk",
]


@cache
def photographs() -> dict[str, bytes]:
    """A small picture for each of the 200 offers, by a name in the place of its digest."""
    made: dict[str, bytes] = {}
    for number in range(OFFERS):
        colour = (60 + number % 190, 40 + 7 * number % 200, 30 + 13 * number % 220)
        out = io.BytesIO()
        Image.new("RGB", (120, 160), colour).save(out, "JPEG", quality=85)
        made[f"picture-{number}"] = out.getvalue()
    return made


def pieces(
    count: int, *, chinese: bool, pictured: bool = False, seed: int = 1
) -> Iterator[Mailpiece]:
    """Lists of 12 offers out of 200 and 12 reminders out of 4,000 products, one per household."""
    fixed = random.Random(99)
    words, goods = (HAN, HAN_GOODS) if chinese else (LATIN, GOODS)
    gap = "" if chinese else " "
    language, currency = ("zh", "CNY") if chinese else ("en-US", "USD")
    departments = words[:8]
    kinds = [*Pictogram]
    offers = [
        OfferLine(
            line=0,
            offer_id=number,
            title=gap.join((*fixed.sample(words, 2), fixed.choice(goods))),
            detail=gap.join(fixed.sample(words, 3)),
            face_value_cents=100,
            value_text=format_money(fixed.randrange(25, 500), currency, "en"),
            department=fixed.choice(departments),
            legal="",
            picture=f"picture-{number}" if pictured else None,
            pictogram=kinds[number % len(kinds)],
        )
        for number in range(OFFERS)
    ]
    products = [
        (
            fixed.choice(goods),
            gap.join((*fixed.sample(words, 2), fixed.choice(goods))),
            fixed.choice(departments),
            fixed.randrange(99, 1500),
        )
        for _ in range(4000)
    ]
    rng = random.Random(seed)
    for number in range(1, count + 1):
        mine = tuple(
            replace(offer, line=line) for line, offer in enumerate(rng.sample(offers, 12), 1)
        )
        reminders = []
        for line in range(13, 25):
            item, product, department, price = rng.choice(products)
            reminders.append(
                ReminderLine(
                    line=line,
                    item_id=line,
                    item=item,
                    product=product,
                    department=department,
                    price_cents=price,
                    expected_on=date(2026, 12, 1) + timedelta(days=rng.randrange(14)),
                    reason=f"{rng.randrange(3, 60)}",
                )
            )
        yield Mailpiece(
            piece_id=f"P{number:07d}",
            seq=number,
            address=Address(
                name=gap.join(rng.sample(words, 2)),
                street=f"{rng.randrange(1, 9999)} {gap.join(rng.sample(words, 2))}",
                extra="",
                postcode=f"{rng.randrange(10**5):05d}",
                city=rng.choice(words),
                region="IL",
                country="US",
            ),
            document=ListDocument(
                list_code=list_code(GCN, f"{rng.randrange(10**12):012d}"),
                language=language,
                currency=currency,
                retailer=gap.join(words[:2]),
                greeting=gap.join(rng.sample(words, 3)),
                issued_on=date(2026, 11, 24),
                valid_from=date(2026, 11, 30),
                valid_to=date(2026, 12, 13),
                offers=mine,
                reminders=tuple(reminders),
                worth_cents=1200,
                tip="",
                legal=gap.join(words),
            ),
        )
