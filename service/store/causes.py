"""Why the database cannot be used, for a log and for an operator; never for a caller."""


def cause_of(error: BaseException) -> str:
    """What the database, its driver or the system says, in a line.

    Only of errors of the database itself: those of statements may quote a row.
    """
    said = " ".join(str(error).split())
    kind = type(error).__name__
    return f"{kind}: {said}" if said else kind
