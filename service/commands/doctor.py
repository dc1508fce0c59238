"""doctor: what must be in order."""

from datetime import UTC, datetime
from functools import partial

import typer

from service.admin.doctor import Finding, Verdict, examine, rehearsed
from service.checkout.rehearsal import rehearse
from service.commands.console import EXIT_FAILED, say
from service.commands.database import open_database


def doctor() -> None:
    """Look at everything that must be in order, each with what to do; exit 1 for a fault."""
    with open_database() as (database, settings):
        findings: list[Finding] = []
        for finding in examine(database, settings, now=datetime.now(UTC)):
            findings.append(finding)
        if any(each.name == "tables" and each.verdict is Verdict.WELL for each in findings):
            findings.append(rehearsed(partial(rehearse, database, settings)))
    for name, verdict, said, remedy in sorted(findings, key=_worst_first):
        say(f"{verdict:5}  {name}: {said}" + (f" -> {remedy}" if remedy else ""))
    if any(each.verdict is Verdict.FAULT for each in findings):
        raise typer.Exit(EXIT_FAILED)


def _worst_first(finding: Finding) -> int:
    return [Verdict.FAULT, Verdict.LOOK, Verdict.WELL].index(finding.verdict)
