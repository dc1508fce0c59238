"""POSLog files for tests: those in tests/data, and ones made of small parts."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "poslog"
SPACE = "http://www.nrf-arts.org/IXRetail/namespace/"
CARD = "952123400000000017"
HOUSEHOLDS = f"""household_id,card
H1,{CARD}
H2,952123400000000024
"""


def line(
    number: int = 1,
    *,
    gtin: str = "4011",
    extended: str = "1.00",
    quantity: str = "1",
    rest: str = "",
    kind: str = "Sale",
) -> str:
    """A line item with its goods."""
    return (
        f"<LineItem><SequenceNumber>{number}</SequenceNumber><{kind}><ItemID>{gtin}</ItemID>"
        f"<ExtendedAmount>{extended}</ExtendedAmount><Quantity>{quantity}</Quantity>{rest}"
        f"</{kind}></LineItem>\n"
    )


def transaction(
    *lines: str,
    number: str = "1",
    at: str = "2026-03-01T10:00:00Z",
    day: str = "2026-03-01",
    customer: str = "",
    rest: str = "",
) -> str:
    """A transaction of store 0042, workstation 07."""
    loyalty = f"<LoyaltyAccount><LoyaltyAccountID>{customer}</LoyaltyAccountID></LoyaltyAccount>"
    return (
        "<Transaction><RetailStoreID>0042</RetailStoreID><WorkstationID>07</WorkstationID>"
        f"<SequenceNumber>{number}</SequenceNumber><BusinessDayDate>{day}</BusinessDayDate>"
        f"<EndDateTime>{at}</EndDateTime>{rest}\n<RetailTransaction>\n"
        f"{loyalty if customer else ''}{''.join(lines) or line()}</RetailTransaction>"
        "</Transaction>\n"
    )


def poslog(*transactions: str) -> str:
    """A whole file."""
    return f'<POSLog xmlns="{SPACE}">\n{"".join(transactions)}</POSLog>\n'
