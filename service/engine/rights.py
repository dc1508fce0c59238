"""What people may do: roles, and the rights that each role has, as one table.

A person has any number of roles and the rights of all of them. Whether a second person is needed is
no right: nobody, whatever the roles, is both the first and the second.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class PersonRole(StrEnum):
    """What a person's work is; `admin` may do everything."""

    MARKETING = "marketing"
    APPROVER = "approver"
    FINANCE = "finance"
    MAILING = "mailing"
    SERVICE = "service"
    OPERATIONS = "operations"
    ADMIN = "admin"


class Right(StrEnum):
    """One thing that a person may do or see."""

    SEE_DEALS = "see_deals"
    CHANGE_DEALS = "change_deals"
    APPROVE_DEALS = "approve_deals"
    STOP_DEALS = "stop_deals"
    SEE_CYCLES = "see_cycles"
    PLAN_CYCLES = "plan_cycles"
    ISSUE_CYCLES = "issue_cycles"
    SEE_BATCHES = "see_batches"
    HANDLE_BATCHES = "handle_batches"
    VOID_BATCHES = "void_batches"
    SEE_PRODUCTS = "see_products"
    SEE_HOUSEHOLDS = "see_households"
    FORGET_HOUSEHOLDS = "forget_households"
    EXPLAIN_REFUSALS = "explain_refusals"
    GIVE_GOODWILL = "give_goodwill"
    SEE_MONEY = "see_money"
    CLEAR_MONEY = "clear_money"
    SEE_OPERATIONS = "see_operations"
    RUN_JOBS = "run_jobs"
    SEE_SETTINGS = "see_settings"
    SEE_AUDIT = "see_audit"
    MANAGE_KEYS = "manage_keys"
    MANAGE_PEOPLE = "manage_people"
    INVITE_SUPPLIERS = "invite_suppliers"


RIGHTS: Mapping[PersonRole, frozenset[Right]] = {
    PersonRole.MARKETING: frozenset(
        {
            Right.SEE_DEALS, Right.CHANGE_DEALS, Right.STOP_DEALS, Right.SEE_CYCLES,
            Right.PLAN_CYCLES, Right.ISSUE_CYCLES, Right.SEE_BATCHES, Right.VOID_BATCHES,
            Right.SEE_PRODUCTS, Right.SEE_MONEY, Right.INVITE_SUPPLIERS,
        }
    ),
    PersonRole.APPROVER: frozenset(
        {
            Right.SEE_DEALS, Right.APPROVE_DEALS, Right.STOP_DEALS, Right.SEE_CYCLES,
            Right.SEE_PRODUCTS, Right.SEE_MONEY,
        }
    ),
    PersonRole.FINANCE: frozenset(
        {
            Right.SEE_DEALS, Right.SEE_CYCLES, Right.SEE_BATCHES, Right.SEE_PRODUCTS,
            Right.SEE_MONEY, Right.CLEAR_MONEY, Right.SEE_AUDIT, Right.INVITE_SUPPLIERS,
        }
    ),
    PersonRole.MAILING: frozenset({Right.SEE_BATCHES, Right.HANDLE_BATCHES}),
    PersonRole.SERVICE: frozenset(
        {
            Right.SEE_DEALS, Right.SEE_PRODUCTS, Right.SEE_HOUSEHOLDS, Right.EXPLAIN_REFUSALS,
            Right.GIVE_GOODWILL, Right.FORGET_HOUSEHOLDS,
        }
    ),
    PersonRole.OPERATIONS: frozenset(
        {
            Right.SEE_CYCLES, Right.SEE_BATCHES, Right.SEE_OPERATIONS, Right.RUN_JOBS,
            Right.SEE_SETTINGS, Right.SEE_AUDIT, Right.MANAGE_KEYS,
        }
    ),
    PersonRole.ADMIN: frozenset(Right),
}  # fmt: skip
"""The rights of each role."""


def rights_of(roles: Iterable[PersonRole]) -> frozenset[Right]:
    """The rights of somebody with these roles."""
    return frozenset().union(*(RIGHTS[role] for role in roles))
