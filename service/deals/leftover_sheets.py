"""Sheets of a workbook that may not be meant: old ones, copies, those of other years."""

import re
from collections.abc import Mapping, Sequence

from service.deals.deal_table import DealTable
from service.deals.form import Form
from service.files.headers import plain

_WORDS = (
    "old", "older", "archive", "archived", "archives", "copy", "copies", "backup", "backups", "bak",
    "bkp", "previous", "prev", "obsolete", "superseded", "outdated", "replaced", "expired", "draft",
    "drafts", "deleted", "cancelled", "canceled", "unused", "dnu", "test", "tests", "scratch",
    "trash",
    "alt", "alte", "archiv", "kopie", "sicherung", "entwurf", "vorlage", "papierkorb", "ancien",
    "ancienne", "anciens", "copie", "sauvegarde", "brouillon", "viejo", "vieja", "antiguo",
    "antigua",
    "archivo", "copia", "respaldo", "borrador", "vecchio", "archivio", "bozza", "antigo", "arquivo",
    "rascunho", "oud", "oude", "archief", "concept", "kopia", "stare", "archiwum", "gammal",
    "gammel", "arkiv", "utkast", "eski", "arsiv", "yedek", "kopya", "старый", "архив", "копия",
)  # fmt: skip
_PARTS = tuple(
    plain(part)
    for part in ("旧", "舊", "归档", "歸檔", "备份", "備份", "副本", "草稿", "作废", "古い",
                 "アーカイブ", "コピー", "バックアップ", "下書き", "이전", "보관", "사본", "백업")
)  # fmt: skip
_PLAIN = frozenset(plain(word) for word in _WORDS)
_COUNTED = re.compile(r"\(\d+\)\s*$")


def is_leftover(name: str, *, alone: bool) -> bool:
    """Whether a sheet's name says that it is old, a copy or a draft.

    `Deals (2)` does so only beside other sheets, where it is how a program names a copy.
    """
    words = plain(name).split()
    return (
        not _PLAIN.isdisjoint(words)
        or "do not use" in " ".join(words)
        or any(part in word for word in words for part in _PARTS)
        or (not alone and _COUNTED.search(name) is not None)
    )


def note_sheets(form: Form, found: Mapping[str, Sequence[DealTable]]) -> None:
    """Note the sheets that were passed over, and ask about those that may not be meant.

    `found` has the tables of every sheet, the hidden ones too.
    """
    with_deals = [sheet for sheet in form.document.sheets if found[sheet.name]]
    for sheet in form.document.sheets:
        name = sheet.name
        if sheet.is_hidden:
            tell = form.ask if found[name] else form.note
            has_deals = " with its deals" if found[name] else ""
            tell(f"sheet {name} is hidden and was passed over{has_deals}")
        elif not found[name]:
            form.note(f"sheet {name} has no deals and was passed over")
        elif name and is_leftover(name, alone=len(with_deals) == 1):
            form.ask(f"sheet {name}: its name says that it is not meant, and its deals were read")


def ask_about_other_years(form: Form) -> None:
    """Ask about a sheet whose deals are of other years than those of all other sheets."""
    years: dict[str, set[int]] = {}
    for grid in form.grids:
        found = years.setdefault(form.tables[grid.table].sheet.name, set())
        for name in ("mail_from", "mail_to", "redeem_from", "redeem_to"):
            if name in grid.columns:
                found.update(day.year for day in grid.columns[name].values if day is not None)
    for name, own in years.items():
        others = set().union(*(each for other, each in years.items() if other != name))
        if own and others and own.isdisjoint(others):
            shown = " and ".join(map(str, sorted(own)))
            form.ask(f"sheet {name}: its deals are of {shown}, those of other sheets are not")
