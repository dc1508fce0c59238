"""What clearing posts: tax, money, write-offs, credits. Every list of entries adds up to zero.

Positive cents make a receivable smaller, but for `owe_tax`; negative ones undo the same.
"""

from service.engine.ledger import Account, Entry


def owe_tax(supplier_id: int, cents: int) -> list[Entry]:
    """Tax on the fees and slots of a claim is owed by the supplier, and to the tax office."""
    return _move(Account.SUPPLIER_RECEIVABLE, Account.TAX_PAYABLE, supplier_id, cents)


def receive(supplier_id: int, cents: int) -> list[Entry]:
    """Money came in for a claim."""
    return _move(Account.CASH, Account.SUPPLIER_RECEIVABLE, supplier_id, cents)


def suspend(cents: int) -> list[Entry]:
    """Money came in, and nobody knows yet for what."""
    return _move(Account.CASH, Account.SUSPENSE, None, cents)


def clear_suspense(supplier_id: int, cents: int) -> list[Entry]:
    """Money in suspense was for a claim."""
    return _move(Account.SUSPENSE, Account.SUPPLIER_RECEIVABLE, supplier_id, cents)


def set_off(supplier_id: int, cents: int) -> list[Entry]:
    """A claim is kept back from what the retailer pays for goods."""
    return _move(Account.SET_OFF, Account.SUPPLIER_RECEIVABLE, supplier_id, cents)


def offset(supplier_id: int, cents: int) -> list[Entry]:
    """A claim is paid by what is owed to the supplier of another: the first entry is of that."""
    if not cents:
        return []
    owed = Account.SUPPLIER_RECEIVABLE
    return [Entry(owed, None, supplier_id, cents), Entry(owed, None, supplier_id, -cents)]


def write_off(supplier_id: int, cents: int) -> list[Entry]:
    """What is given up of a claim."""
    return _move(Account.WRITE_OFF, Account.SUPPLIER_RECEIVABLE, supplier_id, cents)


def credit(supplier_id: int, cents: int, *, tax_cents: int = 0) -> list[Entry]:
    """What a dispute credits, with the tax on it."""
    return [
        *_move(Account.ADJUSTMENT, Account.SUPPLIER_RECEIVABLE, supplier_id, cents),
        *_move(Account.TAX_PAYABLE, Account.SUPPLIER_RECEIVABLE, supplier_id, tax_cents),
    ]


def _move(debit: Account, credited: Account, supplier_id: int | None, cents: int) -> list[Entry]:
    if not cents:
        return []
    return [Entry(debit, None, supplier_id, cents), Entry(credited, None, supplier_id, -cents)]
