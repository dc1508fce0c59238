"""How a claim stands: its state, its days and its tax, as functions of what happened to it."""

from datetime import date, timedelta

from service.engine.clearing.claim import Agreement, ClaimState
from service.engine.money import basis_points_off

SERIAL_DIGITS = 6


def number_of(series: str | None, serial: int | None) -> str | None:
    """The number of a claim or a credit, as documents print it: `C2026-000042`."""
    return None if series is None or serial is None else f"{series}-{serial:0{SERIAL_DIGITS}d}"


def claim_series(issued_on: date) -> str:
    """The series of the claims of a year."""
    return f"C{issued_on.year}"


def credit_series(cancelled_on: date) -> str:
    """The series of the full credits of a year."""
    return f"K{cancelled_on.year}"


def tax_on(taxable_cents: int, agreement: Agreement) -> int:
    """The tax on fees and slots, rounded half up once."""
    return basis_points_off(taxable_cents, agreement.tax_basis_points)


def due_on(issued_on: date, agreement: Agreement) -> date:
    """The last day for payment."""
    return issued_on + timedelta(days=agreement.payment_days)


def dispute_until(issued_on: date, agreement: Agreement) -> date:
    """The last day on which a line can be disputed."""
    return issued_on + timedelta(days=agreement.dispute_days)


def closed_month(today: date, *, grace_days: int) -> date:
    """The last day of the newest month whose days of grace are over before today."""
    return last_month(today - timedelta(days=grace_days))


def last_month(day: date) -> date:
    """The last day of the month before a day's."""
    return day.replace(day=1) - timedelta(days=1)


def state_of(
    *, total_cents: int, settled_cents: int, paid_cents: int, disputes: int, open_disputes: int
) -> ClaimState:
    """The state of a claim that was issued and not cancelled.

    `settled_cents` is what made it smaller, of which `paid_cents` in money or set off; `disputes`
    counts those that were ever opened, `open_disputes` those that are not decided. A claim that was
    credited after it was paid is closed: what is too much lowers the opening of the next.
    """
    if open_disputes:
        return ClaimState.DISPUTED
    if settled_cents == total_cents or settled_cents > total_cents > 0:
        is_plain = paid_cents == total_cents and not disputes and total_cents
        return ClaimState.PAID if is_plain else ClaimState.CLOSED
    return ClaimState.PART_PAID if settled_cents else ClaimState.ISSUED
