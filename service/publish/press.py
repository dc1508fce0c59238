"""Publishing: a cycle's lists become a package, a revision of one, or a reprint of some pieces."""

import fcntl
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from sqlalchemy.exc import IntegrityError

from service.errors import Conflict, NotFound
from service.files import layouts
from service.publish.choice import Choice, address_digests, choose, counted
from service.publish.depot import READY, Depot, depot
from service.publish.package import MANIFEST, Job, Progress, Proof, check, read_manifest, write
from service.settings import Settings
from service.store import batches, cycles, lists
from service.store.session import Database, violates_unique
from service.store.tables.cycle import Batch, BatchState, Cycle

CAMPAIGN = "lists"
REPRINT = "reprint"


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A published batch. `not_mailed` lists were not printed, for the reasons counted after it.

    `window` is the profile of the envelope that the address was placed for, if any.
    """

    batch_id: int
    name: str
    folder: str
    pieces: int
    pages: int
    not_mailed: int
    duplicates: int
    undeliverable: int
    without_consent: int
    window: str | None


def publish(
    database: Database,
    settings: Settings,
    cycle_id: int,
    *,
    progress: Progress,
    revise: bool = False,
    proof: Proof | None = None,
) -> BatchReport:
    """Print the lists of a cycle; publishing one again gives the batch that is there.

    With `revise`, a batch that nobody has picked up is withdrawn and printed anew as the next
    revision. A killed run is taken up again: parts that are whole are kept when nothing they are
    made of has changed. What carries the marker is never written again. Raises NotFound without
    the cycle, Conflict when no list of it can be mailed, it was voided, or a revision comes after
    the pickup, InvalidInput naming every list and element that does not fit. `proof` reads every
    part back before it gets its name.
    """
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        batch = batches.of_cycle(session, cycle_id)
    if cycle is None:
        raise NotFound(f"There is no cycle {cycle_id}.")
    if batch is not None and batch.state == BatchState.VOIDED:
        raise Conflict(f"Batch {batch.id} of cycle {cycle_id} was voided; its lists stay void.")
    if batch is not None and batch.state == BatchState.READY:
        if not revise:
            return _report(settings, batch)
        _require_here(batch)
    press = _Press(database, settings, cycle, depot(settings), progress, proof)
    with press.alone():
        if batch is not None and batch.state == BatchState.RENDERING:
            return press.go_on(batch, choose(database, settings, cycle))
        return press.begin(choose(database, settings, cycle), replaces=batch)


def reprint(
    database: Database,
    settings: Settings,
    batch_id: int,
    *,
    progress: Progress,
    proof: Proof | None = None,
) -> BatchReport:
    """Print the spoiled pieces of a batch again, under their own ids and codes.

    Raises NotFound without the batch, Conflict when nothing of it is spoiled or can be mailed.
    """
    with database.read() as session:
        asked = batches.get(session, batch_id)
        root = batches.get(session, asked.reprint_of) if asked and asked.reprint_of else asked
        if root is None:
            raise NotFound(f"There is no batch {batch_id}.")
        cycle = cycles.get(session, root.cycle_id)
        spoiled = batches.spoiled(session, root.id)
        unfinished = batches.unfinished_reprint(session, root.id)
    assert cycle is not None
    if not spoiled:
        raise Conflict(f"No piece of batch {root.id} is spoiled and waits for a reprint.")
    press = _Press(database, settings, cycle, depot(settings), progress, proof)
    with press.alone():
        choice = choose(database, settings, cycle, only=spoiled)
        if unfinished is not None:
            return press.go_on(unfinished, choice)
        return press.begin(choice, reprint_of=root.id)


@dataclass(frozen=True, slots=True)
class _Press:
    """What every way of publishing a cycle needs."""

    database: Database
    settings: Settings
    cycle: Cycle
    depot: Depot
    progress: Progress
    proof: Proof | None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time prints a cycle on this machine; a dead one holds nothing."""
        folder = self.settings.runs_folder
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"publish-{self.cycle.id}.lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._in_hand() from None
            yield

    def begin(
        self, choice: Choice, *, replaces: Batch | None = None, reprint_of: int | None = None
    ) -> BatchReport:
        """Print a new batch; the one it replaces is withdrawn once all is known to fit."""
        with self.database.read() as session:
            revision = batches.next_revision(session, self.cycle.id)
        campaign = CAMPAIGN if reprint_of is None else REPRINT
        name = f"{self.settings.client}_{campaign}_{self.cycle.as_of:%Y%m%d}_v{revision}"
        job = self._job(choice, name, revision)
        check(self.database, self.settings, job, done=(), progress=self.progress)
        batch = Batch(
            cycle_id=self.cycle.id,
            revision=revision,
            name=name,
            state=BatchState.RENDERING,
            pieces=choice.pieces.height,
            pages=0,
            manifest="{}",
            reprint_of=reprint_of,
        )
        try:
            with self.database.write() as session:
                if replaces is not None:
                    held = batches.held(session, replaces.id)
                    assert held is not None
                    _require_here(held)
                    held.state = BatchState.WITHDRAWN
                    batches.save(session, held)
                batches.save(session, batch)
        except IntegrityError as error:
            if violates_unique(error):
                raise self._in_hand() from None
            raise
        # Only now are the files this run's own: another machine may have begun the same batch.
        self.depot.clear(name)
        batch = self._planned(batch, job)
        return self._print(job, batch)

    def _in_hand(self) -> Conflict:
        return Conflict(f"Cycle {self.cycle.id} is being published already.")

    def go_on(self, batch: Batch, choice: Choice) -> BatchReport:
        """Take up a batch that was not finished; what lies there without a plan is not its own."""
        there = self.depot.files(batch.name)
        if batch.plan and READY in there:
            return self._finish(batch)
        job = self._job(choice, batch.name, batch.revision)
        if choice.plan(self.settings, job.layout, batch.name) != batch.plan:
            # Consent or an address changed since: what was printed may be another's piece by now.
            self.depot.clear(batch.name)
            there = {}
        check(self.database, self.settings, job, done=there, progress=self.progress)
        return self._print(job, self._planned(batch, job))

    def _planned(self, batch: Batch, job: Job) -> Batch:
        """Write down what the files are going to be made of."""
        with self.database.write() as session:
            held = batches.held(session, batch.id)
            assert held is not None
            if held.state != BatchState.RENDERING:
                raise self._in_hand()
            held.plan = job.choice.plan(self.settings, job.layout, job.name)
            held.pieces = job.choice.pieces.height
            held.summary = job.choice.summary()
            return batches.save(session, held)

    def _job(self, choice: Choice, name: str, revision: int) -> Job:
        if choice.pieces.is_empty():
            raise Conflict(
                f"No list of cycle {self.cycle.id} can be mailed: no consent or no address."
            )
        return Job(
            name=name,
            revision=revision,
            mail_date=self.cycle.valid_from.isoformat(),
            choice=choice,
            layout=layouts.load(self.settings.layout),
        )

    def _print(self, job: Job, batch: Batch) -> BatchReport:
        self._remove_ended()
        write(
            self.database,
            self.settings,
            job,
            self.depot,
            progress=self.progress,
            proof=self.proof,
        )
        return self._finish(batch)

    def _remove_ended(self) -> None:
        """The files of what was withdrawn or voided, also by a run that died before it could."""
        with self.database.read() as session:
            ended = batches.ended(session, self.cycle.id)
        for batch in ended:
            self.depot.clear(batch.name)
            with self.database.write() as session:
                batches.mark_purged(session, batch.id, at=datetime.now(UTC))

    def _finish(self, batch: Batch) -> BatchReport:
        """Write down what the folder holds, now that its marker is there."""
        text = self.depot.read(batch.name, MANIFEST).decode()
        manifest = read_manifest(text)
        pieces = self._pieces(batch)
        with self.database.write() as session:
            held = batches.held(session, batch.id)
            assert held is not None
            if held.state == BatchState.RENDERING:
                held.state = BatchState.READY
                held.pieces = manifest["total_pieces"]
                held.pages = sum(file.get("pages", 0) for file in manifest["files"])
                held.manifest = text
                held.published_at = datetime.now(UTC)
                batches.save(session, held)
                batches.add_pieces(session, held.id, pieces)
        return _report(self.settings, held)

    def _pieces(self, batch: Batch) -> pl.DataFrame:
        """The copies in a package as its piece file has them, each with its list."""
        content = self.depot.read(batch.name, f"{batch.name}.csv")
        printed = pl.read_csv(io.BytesIO(content), infer_schema=False).fill_null("")
        with self.database.read() as session:
            made = lists.of_cycle(session, self.cycle.id)
        place = pl.col("piece_id").str.split("-").list.last().cast(pl.Int64) - 1
        return printed.select(
            pl.col("seq").cast(pl.Int64),
            "piece_id",
            made["list_id"].gather(printed.select(place).to_series()).alias("list_id"),
            pl.Series("address_digest", address_digests(self.settings, printed)),
        )


def _require_here(batch: Batch) -> None:
    """Raises Conflict unless the batch is ready and still here."""
    if batch.picked_up_at is not None:
        raise Conflict(
            f"Batch {batch.id} was picked up on {batch.picked_up_at:%Y-%m-%d}; "
            "report its pieces as spoiled and reprint them."
        )
    if batch.state != BatchState.READY:
        raise Conflict(f"Batch {batch.id} is {batch.state}.")


def _report(settings: Settings, batch: Batch) -> BatchReport:
    duplicates, undeliverable, without_consent = counted(batch.summary)
    return BatchReport(
        batch_id=batch.id,
        name=batch.name,
        folder=depot(settings).place(batch.name),
        pieces=batch.pieces,
        pages=batch.pages,
        not_mailed=duplicates + undeliverable + without_consent,
        duplicates=duplicates,
        undeliverable=undeliverable,
        without_consent=without_consent,
        window=read_manifest(batch.manifest).get("envelope_profile"),
    )
