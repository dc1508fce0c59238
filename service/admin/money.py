"""Converts the amounts of a database from one minor unit to another."""

from collections.abc import Sequence

from service.errors import Conflict, InvalidInput, Problem
from service.notice import Count
from service.store import history, money
from service.store.session import Database

MOST_EXPONENT = 4


class _DryRunError(Exception):
    """Ends the transaction of a dry run."""


def convert_money(
    database: Database,
    *,
    from_exponent: int,
    to_exponent: int,
    tables: Sequence[str] = (),
    apply: bool,
) -> dict[str, int]:
    """How many amounts of each table are converted, by name; without `apply` nothing is written.

    All of it is one transaction, in which nobody else writes money, and it is recorded by table.
    `tables` leaves out the others. Raises InvalidInput for exponents or tables that there are not,
    Conflict when a table was converted to another exponent than `from_exponent`, or an amount has
    no exact value in the other unit.
    """
    known = {table.name: table for table in money.tables()}
    for exponent in (from_exponent, to_exponent):
        if not 0 <= exponent <= MOST_EXPONENT:
            raise InvalidInput(
                "An exponent is a whole number from 0 to %(number)s.", number=Count(MOST_EXPONENT)
            )
    if from_exponent == to_exponent:
        raise InvalidInput("The two exponents are the same; there is nothing to convert.")
    unknown = sorted(set(tables) - known.keys())
    if unknown:
        raise InvalidInput(
            "No money is in %(unknown)s; the tables with money are %(known)s.",
            unknown=", ".join(unknown),
            known=", ".join(known),
        )
    counts: dict[str, int] = {}
    try:
        with database.write() as session:
            money.lock(session)
            if apply and (not tables or "basket_line" in tables):
                # Files of history hold the amounts of before; they are written anew.
                history.open_all(session)
            for name in [name for name in known if name in tables or not tables]:
                last = money.exponent_of(session, known[name])
                if last not in (None, from_exponent):
                    raise Conflict(
                        "The amounts of %(name)s were converted to exponent %(last)s already; "
                        "nothing was converted.",
                        name=name,
                        last=last,
                    )
                counts[name] = money.convert(
                    session, known[name], from_exponent=from_exponent, to_exponent=to_exponent
                )
            if not apply:
                raise _DryRunError
    except _DryRunError:
        pass
    except money.NotExact as error:
        fault = Problem(error.where, f"{error.count:,} amounts {error.reason}", "see the manual")
        raise Conflict("Not all amounts are exact; nothing was converted.", [fault]) from None
    return counts
