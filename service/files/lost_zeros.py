"""New numbers that differ from others in leading zeros only, which spreadsheets take away."""

from collections.abc import Iterable

import polars as pl

from service.files.staging import Staging


def ask_about_zeros(staged: Staging, what: str, named: Iterable[str], known: Iterable[str]) -> None:
    """Ask about numbers of `what` (`stores`) that are not known and differ in leading zeros only
    from known ones or from each other."""
    found, before = {*named}, {*known}
    both = pl.Series(sorted(found | before), dtype=pl.String)
    similar = {*both.filter(both.str.strip_chars_start("0").is_duplicated())}
    new = sorted(similar & found - before)
    # Among new ones, the one with most zeros is taken for the number itself.
    by_bare = {each.lstrip("0"): each for each in sorted(new, key=len)}
    by_bare |= {each.lstrip("0"): each for each in sorted(similar & before, key=len)}
    alike = [(each, by_bare[each.lstrip("0")]) for each in new]
    alike = [(each, other) for each, other in alike if each != other]
    if alike:
        shown = ", ".join(f"{each} ({other} is there too)" for each, other in alike[:5])
        more = f" and {len(alike) - 5:,} more" if len(alike) > 5 else ""
        staged.ask(f"{what} that differ from others in leading zeros only are added: {shown}{more}")
