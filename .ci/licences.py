"""Put licences into a CycloneDX file, and list them: `licences.py larder.cdx.json licences.csv`.

They are what each installed package says of itself. One that says nothing fails, and so does one
that is not installed, unless it is for another system or Python.
"""

import csv
import json
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_CLASSIFIER = "License :: "
_LONGEST = 80
"""What is longer is the text of a licence and no name."""


def licence_of(found: Distribution) -> str:
    """The licence of a package: its expression, else its field, else its classifiers."""
    said = found.metadata
    expression = said.get("License-Expression") or ""
    named = (said.get("License") or "").strip()
    classifiers = [
        each.removeprefix(_CLASSIFIER).rpartition(" :: ")[2]
        for each in said.get_all("Classifier") or []
        if each.startswith(_CLASSIFIER) and each != f"{_CLASSIFIER}OSI Approved"
    ]
    short = named if named and len(named) <= _LONGEST and "\n" not in named else ""
    return expression or short or " AND ".join(sorted(set(classifiers)))


def main(bill: Path, table: Path) -> int:
    """Write both files; how many packages say nothing of their licence."""
    document = json.loads(bill.read_text(encoding="utf-8"))
    rows, silent, absent = [], [], []
    for each in document["components"]:
        name = each["name"]
        try:
            licence = licence_of(distribution(name))
        except PackageNotFoundError:
            absent.append(name)
            continue
        if not licence:
            silent.append(name)
            continue
        # A name, since not all of them are expressions of SPDX.
        each["licenses"] = [{"license": {"name": licence}}]
        rows.append((name, each["version"], licence))
    bill.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("package", "version", "licence"), *rows])
    print(f"{len(rows)} packages with a licence: {table}")
    if absent:
        print(f"not installed here, so not listed: {', '.join(absent)}")
    if silent:
        print(f"no licence is named by: {', '.join(silent)}", file=sys.stderr)
    return len(silent)


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]), Path(sys.argv[2])), 1))
