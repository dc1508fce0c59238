"""The acts on deals, the right that each needs, and how each is done."""

from collections.abc import Callable, Sequence

from service.deals import listing, steer
from service.engine.lifecycle import Act, DealState
from service.engine.rights import Right
from service.pages.amounts import read_cents
from service.pages.languages import mark
from service.pages.visitor import Member
from service.settings import Settings
from service.store.session import Database

RIGHTS_TO = {
    Act.CHECK: (Right.CHANGE_DEALS,),
    Act.SEND_BACK: (Right.CHANGE_DEALS, Right.APPROVE_DEALS),
    Act.APPROVE: (Right.APPROVE_DEALS,),
    Act.STOP: (Right.STOP_DEALS,),
    Act.RESUME: (Right.STOP_DEALS,),
    Act.RAISE_BUDGET: (Right.CHANGE_DEALS, Right.APPROVE_DEALS),
}
"""What people may do to deals from here, and the rights of which one is enough."""

EXPLAINED = {
    Act.CHECK: mark("You confirm that they say what was meant. Another person approves them then."),
    Act.SEND_BACK: mark("They become drafts again; whoever loaded them sees your reason."),
    Act.APPROVE: mark("From now on new lists may carry them, within their dates and budgets."),
    Act.STOP: mark(
        "At once: no new copies, and tills refuse those that are out. Households will ask why."
    ),
    Act.RESUME: mark("New lists may carry them again, and tills take the copies that are out."),
    Act.RAISE_BUDGET: mark("New copies are issued until the new budget is reserved."),
}
"""What an act does, said before it is done."""

BULK_ACTS = (Act.CHECK, Act.APPROVE, Act.SEND_BACK, Act.STOP, Act.RESUME)
"""The acts that can be done to many deals at once."""


def may_do(member: Member, act: Act) -> bool:
    """Whether somebody may do an act to deals at all."""
    return any(map(member.signed_in.may, RIGHTS_TO.get(act, ())))


def do_to_each(
    database: Database,
    settings: Settings,
    member: Member,
    act: Act,
    numbers: Sequence[int],
    *,
    note: str,
    new_copies_only: bool,
    budget: str,
) -> listing.BulkReport:
    """Do an act to each deal by itself; those that do not allow it are skipped with the reason.

    Raises InvalidInput for a budget that is no amount.
    """
    by = member.by
    if act is Act.RAISE_BUDGET:
        cents = read_cents(budget, settings.currency)
        ways: dict[Act, Callable[[int], DealState]] = {
            act: lambda number: steer.raise_budget(database, settings, number, cents, by=by)
        }
    else:
        ways = {
            Act.CHECK: lambda number: steer.check(database, number, by=by),
            Act.SEND_BACK: lambda number: steer.send_back(database, number, by=by, note=note),
            Act.APPROVE: lambda number: steer.approve(database, settings, number, by=by),
            Act.STOP: lambda number: steer.stop(database, number, by=by, note=note),
            Act.RESUME: lambda number: steer.resume(
                database, number, by=by, new_copies_only=new_copies_only, note=note
            ),
        }
    return listing.act_on_each(listing.deals_by_number(database, numbers), ways[act])
