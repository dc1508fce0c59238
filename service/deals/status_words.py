"""Words that say whether a deal counts, in the languages of suppliers."""

from functools import lru_cache

from service.files.headers import plain

_HEADERS = (
    "status state stage approval approved active live decision phase lifecycle zustand statut etat "
    "estado situacao stato stan stav durum статус 状态 狀態 ステータス 状態 상태 freigabe"
)
# A word of these says in any column that a row is off.
_OFF = (
    "cancelled", "canceled", "cancel", "cancels", "cxl", "cxld", "cncl", "withdrawn", "deleted",
    "delete", "removed", "void", "voided", "on hold", "onhold", "do not use", "do not load",
    "dnu", "dead", "killed", "declined", "rejected", "not approved", "inactive", "suspended",
    "terminated", "discontinued", "obsolete", "superseded", "storniert", "storno", "geloscht",
    "abgesagt", "abgelehnt", "gestrichen", "zuruckgezogen", "annule", "annulee", "supprime",
    "retire", "refuse", "cancelado", "cancelada", "anulado", "anulada", "eliminado", "rechazado",
    "annullato", "annullata", "cancellato", "geannuleerd", "vervallen", "anulowany", "anulowane",
    "zruseno", "installt", "avlyst", "aflyst", "iptal", "отменен", "отменено", "отменена", "取消",
    "已取消", "作废", "作廢", "删除", "已删除", "キャンセル", "中止", "취소", "취소됨", "ملغى",
)  # fmt: skip
# These do so only in a column of states.
_NOT_YET = (
    "hold", "held", "draft", "pending", "proposed", "proposal", "tentative", "tbd", "tbc",
    "planned", "paused", "stopped", "closed", "ended", "expired", "old", "no", "n", "false", "off",
    "open", "submitted", "in review", "under review", "review", "awaiting", "requested", "new",
    "entwurf", "offen", "gesperrt", "pausiert", "beendet", "geplant", "abgelaufen", "nein",
    "brouillon", "en attente", "termine", "suspendu", "non", "borrador", "pendiente", "en espera",
    "vencido", "bozza", "in attesa", "sospeso", "concept", "in behandeling", "rascunho",
    "pendente", "szkic", "wstrzymany", "черновик", "草稿", "待定",
    "暂停", "下書き", "保留", "초안", "보류",
)  # fmt: skip
_ON = (
    "active", "approved", "live", "ok", "okay", "yes", "y", "true", "on", "final", "confirmed",
    "signed", "agreed", "running", "current", "valid", "go", "accepted", "done", "complete",
    "completed", "released", "aktiv", "freigegeben", "genehmigt", "bestatigt", "ja", "actif",
    "approuve", "confirme", "valide", "oui", "activo", "aprobado", "confirmado", "si", "attivo",
    "approvato", "confermato", "actief", "goedgekeurd", "ativo", "aprovado", "aktywny", "有效",
    "已批准", "承認済み", "활성", "승인",
)  # fmt: skip
_PLAIN_HEADERS = frozenset(map(plain, _HEADERS.split()))
_PLAIN_OFF = frozenset(map(plain, _OFF))
_PLAIN_NOT_YET = frozenset(map(plain, _NOT_YET))
_PLAIN_ON = frozenset(map(plain, _ON))


def is_status_header(header: str) -> bool:
    """Whether the name of a column says that it has the states of deals."""
    return not _PLAIN_HEADERS.isdisjoint(plain(header).split())


@lru_cache(maxsize=1 << 16)
def says_off(text: str, *, as_status: bool = False) -> bool:
    """Whether a text begins by saying that a row does not count, or not yet (`as_status`)."""
    words = plain(text).split()
    beginnings = {" ".join(words[:count]) for count in (1, 2, 3)}
    if not _PLAIN_OFF.isdisjoint(beginnings):
        return True
    return as_status and not _PLAIN_NOT_YET.isdisjoint(beginnings)


def is_status(text: str) -> bool:
    """Whether a text is the state of a deal, and no place."""
    words = plain(text)
    return words in _PLAIN_ON or words in _PLAIN_OFF or words in _PLAIN_NOT_YET
