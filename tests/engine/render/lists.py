"""Lists to print: a plain one, and variations on it."""

from datetime import date, timedelta

from service.engine.codes import gcn, list_code
from service.engine.records import Address, ListDocument, Mailpiece, OfferLine, ReminderLine

GCN = gcn("952123400001")
ADDRESS = Address(
    name="Ms. Eleanor Whitfield",
    street="1204 Juniper Hill Road",
    extra="Apt 3B",
    postcode="62704",
    city="Springfield",
    region="IL",
    country="US",
)


def code(serial: int = 382_915_604_417) -> str:
    """A list code with this serial."""
    return list_code(GCN, f"{serial:012d}")


def document(
    *,
    serial: int = 382_915_604_417,
    language: str = "en-US",
    currency: str = "USD",
    offers: int = 3,
    reminders: int = 3,
    title: str = "Sharp cheddar",
    greeting: str = "Good morning, Ms. Whitfield",
    tip: str = "Roast the onions slowly.",
) -> ListDocument:
    """A list of numbered lines over three departments."""
    departments = ("Produce", "Dairy", "Bakery")
    return ListDocument(
        list_code=code(serial),
        language=language,
        currency=currency,
        retailer="Larder Market",
        greeting=greeting,
        issued_on=date(2026, 11, 24),
        valid_from=date(2026, 11, 30),
        valid_to=date(2026, 12, 13),
        offers=tuple(
            OfferLine(
                line=n,
                offer_id=n,
                title=title if n == 1 else f"{title} {n}",
                detail="Any 8 oz block",
                face_value_cents=100,
                value_text="$1.00 off",
                department=departments[n % 3],
                legal="",
            )
            for n in range(1, offers + 1)
        ),
        reminders=tuple(
            ReminderLine(
                line=offers + n,
                item_id=n,
                item=f"Milk {n}",
                product="Reduced fat, 1 gal",
                department=departments[n % 3],
                price_cents=389,
                expected_on=date(2026, 12, 1) + timedelta(days=n),
                reason="every 7 days",
            )
            for n in range(1, reminders + 1)
        ),
        worth_cents=100 * offers,
        tip=tip,
        legal="Offers are valid once per list.",
    )


def piece(seq: int = 1, **changes: object) -> Mailpiece:
    """A mailpiece numbered `seq` with a serial of its own."""
    serial = 100_000_000_000 + seq
    return Mailpiece(
        piece_id=f"P{seq:06d}",
        seq=seq,
        address=ADDRESS,
        document=document(**{"serial": serial, **changes}),  # type: ignore[arg-type]
    )
