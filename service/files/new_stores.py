"""Stores that a file of baskets names and the database does not have."""

from collections.abc import Iterable

from service.files.staging import Staging


def ask_for_stores(staged: Staging, named: Iterable[str], known: set[str]) -> None:
    """Ask about new stores that differ from known ones by leading zeros only."""
    new = sorted({*named} - known)
    # Among new ones, the one with most zeros is taken for the store's own number.
    by_bare = {store.lstrip("0"): store for store in sorted([*new, *known], key=len)}
    by_bare |= {store.lstrip("0"): store for store in sorted(known, key=len)}
    alike = [(store, by_bare[store.lstrip("0")]) for store in new]
    alike = [(store, other) for store, other in alike if store != other]
    if alike:
        shown = ", ".join(f"{store} ({other} is there too)" for store, other in alike[:5])
        staged.ask(f"stores that differ from others in leading zeros only are added: {shown}")
