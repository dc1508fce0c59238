"""Over ten thousand pieces of real lists, printed, drawn again, and every symbol decoded.

    uv run --all-groups python -m bench.proof [--days 11] [--dpi 300 --dpi 203]

All households of Complete Journey 2017 (see `bench/build_sample.py`) get a list on each of some
days in turn; each day's package is published, and its files are checked as `larder verify` does.
Memory and time are those of one process.
"""

import argparse
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.loop import prepare
from service import sample
from service.cycle import refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.run import AS_OF
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.publish import publish
from service.publish.verify import verify
from service.settings import Settings
from service.store import migrate
from service.store.actor import Actor
from service.store.session import Database


def _load(database: Database, settings: Settings, folder: Path) -> None:
    migrate.upgrade(database)
    load_products(database, folder / sample.PRODUCTS)
    load_households(
        database, folder / sample.HOUSEHOLDS, secret_key=settings.secret_key, language="en"
    )
    load_baskets(database, folder / "history.parquet", timezone=settings.timezone)
    load_deals(database, folder / sample.DEALS, uploaded_by=Actor("bench"))
    refresh_forecast(database, settings, as_of=AS_OF)


def _print(database: Database, settings: Settings, days: int) -> list[Path]:
    """Publish a cycle a day and say how many pieces there are; the PDF files come back."""
    pieces = 0
    for day in range(days):
        report = run_cycle(
            database, settings, as_of=AS_OF + timedelta(days=day), seed=day, progress=silent
        )
        pieces += publish(database, settings, report.cycle_id, progress=silent).pieces
    say(f"{pieces:,} pieces of {days} cycles printed, {time.process_time():.0f} CPU seconds so far")
    return sorted(settings.output_folder.rglob("*.pdf"))


def _check(files: list[Path], dpi: int) -> int:
    """Check all files whole at a resolution; the number of problems comes back."""
    start = time.process_time()
    found = [verify(file, dpi=dpi) for file in files]
    problems = [problem for verdict in found for problem in verdict.problems]
    codes = {code for verdict in found for code in verdict.codes if code}
    say(
        f"{dpi} dpi: {sum(v.checked for v in found):,} pieces on {sum(v.pages for v in found):,}"
        f" pages checked, {len(codes):,} different codes read, {len(problems)} problems,"
        f" {time.process_time() - start:.0f} CPU seconds"
    )
    for problem in problems[:10]:
        say(f"  {problem}")
    return len(problems)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Load, print and check; the exit status is 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=11)
    parser.add_argument("--dpi", type=int, action="append")
    parser.add_argument("--layout", default="compact-letter")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="larder-proof-"))
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder / 'larder.db'}",
        secret_key="b" * 40,
        code_key="b" * 40,
        timezone=sample.TIMEZONE,
        layout=chosen.layout,
        output_folder=folder / "batches",
        runs_folder=folder / "runs",
    )
    database = Database(settings.database_url)
    try:
        prepare(folder)
        _load(database, settings, folder)
        files = _print(database, settings, chosen.days)
        return int(sum(_check(files, dpi) for dpi in chosen.dpi or [300, 203]) > 0)
    finally:
        database.dispose()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
