"""The steps of the demonstration, each timed."""

import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service import sample
from service.admin import people
from service.admin.configuration import write_configuration
from service.admin.keys import add_key
from service.cycle import CycleReport, refresh_forecast, run_cycle
from service.deals import load_deals
from service.demo.page import give_page
from service.demo.picture import mean_by_cell, svg
from service.demo.replay import Replay, Shopper, bought_between, replay
from service.demo.statement import Claimed, claim_largest
from service.engine.reading import reading_of
from service.errors import Conflict
from service.files.baskets import load_baskets
from service.files.content import load_content
from service.files.households import load_households
from service.files.products import load_products
from service.jobs.worker import drain
from service.publish import BatchReport, publish
from service.settings import Settings
from service.store import copies, ledger, lists, migrate, work
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.access import Role

AS_OF = date(2017, 11, 25)
PICTURE = "worth.svg"
"""What lists and offers are worth, in the folder of the demonstration."""
# A fixed code key makes the lists of every demonstration the same, byte for byte. It is safe here:
# the households are fictional and the service listens on loopback.
CODE_KEY = "larder-demo-code-key-for-fictional-households-only"
_MARKER = ".larder-demo"
_PERSON = "demo@larder.example"
# What a claim's documents need of the retailer.
_LEGAL = "LARDER_LEGAL_ADDRESS=1 Market Street; 45202; Cincinnati; OH\n"
# On a new machine compiling the allocator takes as long as everything else. Other cores do it while
# the sample is loaded and the forecast fitted. Two processes share the work; collecting garbage
# would cost a tenth of it.
_COMPILE = "import gc; gc.disable(); from service.engine.allocate.warm import {0}; {0}()"

Progress = Callable[[str, int, int], None]


class LogIn(NamedTuple):
    """With what the console of the demonstration is entered, at which address."""

    address: str
    email: str
    password: str


@dataclass(slots=True)
class Demo:
    """What the summary of a demonstration shows. `seconds` are wall-clock seconds by stage.

    `worth_by_cell` is the mean face value of a printed offer in cents; `page` leads to a
    household's page.
    """

    folder: Path
    cycle: CycleReport
    batch: BatchReport
    replay: Replay
    worth_by_cell: dict[str, int]
    usage: dict[str, int]
    balances: pl.DataFrame
    next_lists: int
    admin_key: str
    log_in: LogIn
    claimed: Claimed | None
    pos_key: str
    pos_store: str
    example: dict[str, str]
    page: str
    seconds: dict[str, float] = field(default_factory=dict)


def run_demo(folder: Path, *, progress: Progress, source: Path | None = None) -> Demo:
    """Run the loop in `folder`, which is created; the folder of an earlier demo is emptied first.

    `source` is a folder to read instead of the sample: the same file names and columns; it need not
    have any content. Raises
    Conflict when `folder` holds anything but an earlier demo.
    """
    seconds: dict[str, float] = {}
    prepare_folder(folder)
    compiling = [
        subprocess.Popen([sys.executable, "-c", _COMPILE.format(share)])
        for share in ("warm", "warm_beside")
    ]
    with _time_stage(seconds, "set-up"):
        settings = _configure(folder)
        database = Database(settings.database_url, history=settings.history_store)
        migrate.upgrade(database)
    with _time_stage(seconds, "load"), open_files(source) as files:
        baskets = _load(database, settings, files, folder, progress)
    with _time_stage(seconds, "cycle"):
        refresh_forecast(database, settings, as_of=AS_OF)
        progress("compile", 0, 1)
        for process in compiling:
            process.wait()
        progress("compile", 1, 1)
        cycle = run_cycle(database, settings, as_of=AS_OF, seed=settings.seed, progress=progress)
    with _time_stage(seconds, "publish"):
        batch = publish(database, settings, cycle.cycle_id, progress=progress)
    with _time_stage(seconds, "tills"):
        last = settings.last_day(AS_OF)
        bought = bought_between(baskets, first=AS_OF, last=last, zone=settings.timezone)
        with open_files(source) as files:
            people = shoppers(database, files, cycle.cycle_id)
        outcome = replay(
            bought,
            people,
            database=database,
            settings=settings,
            folder=folder,
            progress=progress,
        )
    with _time_stage(seconds, "next lists"):
        made = _write_next_lists(database, settings, progress)
    with database.read() as session:
        worth_by_cell = mean_by_cell(copies.worth_by_cell(session, cycle.cycle_id))
        usage = lists.usage(session, cycle.cycle_id, until=last)
        balances = ledger.balances(session)
        example = lists.open_offer(session, cycle.cycle_id)
    with _time_stage(seconds, "a claim"):
        claimed = claim_largest(database, settings, balances, folder, last=last)
    (folder / PICTURE).write_text(svg(cycle.worth, worth_by_cell), encoding="utf-8")
    store = bought["store_id"][0]
    demo = Demo(
        folder=folder,
        cycle=cycle,
        batch=batch,
        replay=outcome,
        worth_by_cell=worth_by_cell,
        usage=usage,
        balances=balances,
        next_lists=made,
        log_in=_add_person(database, settings),
        claimed=claimed,
        admin_key=add_key(database, settings, role=Role.ADMIN)[1],
        pos_key=add_key(database, settings, role=Role.POS, store_id=store)[1],
        pos_store=store,
        example=example,
        page=give_page(database, settings, example["code"], now=datetime.now(UTC)),
        seconds=seconds,
    )
    database.dispose()
    return demo


@contextmanager
def _time_stage(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start


def _add_person(database: Database, settings: Settings) -> LogIn:
    """An admin with a random password, who is there in this demonstration alone."""
    now = datetime.now(UTC)
    new = people.NewPerson("Demo", _PERSON, (people.PersonRole.ADMIN,))
    link = people.invite(database, settings, new, by=SERVICE, now=now)
    password = secrets.token_urlsafe(12)
    people.accept(database, settings, link.token, password, now=now)
    return LogIn(settings.console_url, _PERSON, password)


def prepare_folder(folder: Path) -> None:
    """Make a folder, or empty that of an earlier demonstration. Raises Conflict for any other."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARKER).is_file():
            raise Conflict(f"{folder} is there and was not made by the demo; name another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()


def _configure(folder: Path) -> Settings:
    path = write_configuration(
        folder,
        database_url="sqlite:///larder.db",
        code_key=sample.CODE_KEY,
        more=sample.SETTINGS + "LARDER_SERVE_WORKER=true\nLARDER_DEMONSTRATION=true\n" + _LEGAL,
    )
    return Settings(
        _env_file=path,
        database_url=f"sqlite:///{folder.resolve() / 'larder.db'}",
        output_folder=folder / "batches",
        runs_folder=folder / "runs",
        history_store=str(folder / "history"),
        # The demonstration runs the worker itself, to count and time the next lists.
        serve_worker=False,
    )


def open_files(source: Path | None) -> AbstractContextManager[Path]:
    """The folder of the sample, or another one."""
    return sample.folder() if source is None else nullcontext(source)


def _load(
    database: Database, settings: Settings, files: Path, folder: Path, progress: Progress
) -> pl.DataFrame:
    """Load the files, with baskets from before the cycle's date only; returns all the baskets."""
    reading = reading_of(settings)
    load_products(database, files / sample.PRODUCTS, reading=reading, progress=progress)
    load_households(
        database,
        files / sample.HOUSEHOLDS,
        secret_key=settings.secret_key,
        language=settings.language,
        country=settings.country,
        card_pattern=settings.card_pattern,
        progress=progress,
    )
    baskets = pl.read_parquet(files / sample.BASKETS)
    history = write_history(baskets, folder, zone=settings.timezone)
    load_baskets(database, history, timezone=settings.timezone, reading=reading, progress=progress)
    load_deals(database, files / sample.DEALS, uploaded_by=Actor("larder demo"), progress=progress)
    if (files / sample.CONTENT).is_file():
        load_content(database, settings, files / sample.CONTENT)
    return baskets


def write_history(baskets: pl.DataFrame, folder: Path, *, zone: str) -> Path:
    """Write those of the baskets that were bought before the date into `folder`; the file."""
    history = folder / "history.parquet"
    last = AS_OF - timedelta(days=1)
    bought_between(baskets, first=date.min, last=last, zone=zone).write_parquet(history)
    return history


def _write_next_lists(database: Database, settings: Settings, progress: Progress) -> int:
    with database.read() as session:
        due = work.count_due(session)
    made = 0

    def count(_household_id: int) -> None:
        nonlocal made
        made += 1
        progress("next lists", made, due)

    drain(database, settings, on_list=count)
    return made


def shoppers(database: Database, files: Path, cycle_id: int) -> dict[str, Shopper]:
    """What each household of `files` could present at a till after a cycle."""
    people = pl.read_parquet(files / sample.HOUSEHOLDS)
    with database.read() as session:
        codes = lists.codes_by_ref(session, cycle_id)
    return {
        ref: Shopper(list_code=codes.get(ref), card=card, phone=phone)
        for ref, card, phone in people.select("household_id", "card", "phone").iter_rows()
    }
