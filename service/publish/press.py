"""Publishing: prints the lists of a cycle as a package, a revision of one, or a reprint."""

import fcntl
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.errors import Conflict, InvalidInput, NotFound
from service.files import layouts
from service.files.csv_cells import BOM, unguarded
from service.files.postal_barcode import barcode_of
from service.files.print_setup import conformance_of, inks_of
from service.notice import Count
from service.publish.choice import Choice, address_digests, choose, count_left_out
from service.publish.depot import READY, Depot, open_depot
from service.publish.package import (
    MANIFEST,
    Package,
    Progress,
    find_unprintable,
    read_manifest,
    remove_files,
    require_serials,
    write_package,
)
from service.publish.parts import Proof
from service.settings import Settings
from service.store import audit, batches, cycles, erasures, households, lists
from service.store.actor import Actor
from service.store.session import Database, violates_unique
from service.store.tables.cycle import Batch, BatchState, Cycle

CAMPAIGN = "lists"
REPRINT = "reprint"


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A published batch.

    `not_mailed` counts the lists that were not printed; the five counts after it add up to it.
    `window` names the envelope profile that the layout places the address for, if any.
    """

    batch_id: int
    name: str
    folder: str
    pieces: int
    pages: int
    not_mailed: int
    duplicates: int
    undeliverable: int
    unprintable: int
    held_out: int
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
    by: Actor | None = None,
) -> BatchReport:
    """Print the lists of a cycle; a cycle that is published already returns its batch.

    With `revise`, a batch that was not picked up is printed again as the next revision, and
    withdrawn once that is ready: until then it can be fetched, and a pickup ends the revision. A
    killed run is resumed: complete PDF files stay when nothing they are made of has changed. A
    package with its marker is never written again. `proof` checks every PDF file before it gets its
    name. `by` is who prints it at once, for the audit trail; who asked for a run of it stands there
    already. Raises NotFound when there is no such cycle; Conflict when none of its lists can be
    mailed, its batch was voided, or it was picked up before the revision is ready. What cannot be
    printed is left out with its reason and the rest is printed; InvalidInput naming every list and
    element that does not fit when nothing is left.
    """
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        batch = batches.of_cycle(session, cycle_id)
    if cycle is None:
        raise NotFound(f"There is no cycle {cycle_id}.")
    _require_issued(cycle)
    if batch is not None and batch.state == BatchState.VOIDED:
        raise Conflict(
            "Batch %(batch)s of cycle %(cycle)s was voided; its lists stay void.",
            batch=batch.id,
            cycle=cycle_id,
        )
    if batch is not None and batch.state == BatchState.READY:
        if not revise:
            return _report(settings, batch)
        _require_not_picked_up(batch)
    press = _Press(database, settings, cycle, open_depot(settings), progress, proof, by)
    with press.locked():
        if batch is not None and batch.state == BatchState.RENDERING:
            return press.resume(batch, choose(database, settings, cycle))
        return press.begin(choose(database, settings, cycle))


def reprint(
    database: Database,
    settings: Settings,
    batch_id: int,
    *,
    progress: Progress,
    proof: Proof | None = None,
    by: Actor | None = None,
) -> BatchReport:
    """Print the spoiled pieces of a batch again, under their own ids and codes.

    `by` is as in `publish`. Raises NotFound when there is no such batch, Conflict when none of its
    pieces is spoiled or none of those can be mailed.
    """
    with database.read() as session:
        batch = batches.get(session, batch_id)
        root = batches.get(session, batch.reprint_of) if batch and batch.reprint_of else batch
        if root is None:
            raise NotFound(f"There is no batch {batch_id}.")
        cycle = cycles.get(session, root.cycle_id)
        spoiled = batches.spoiled(session, root.id)
        unfinished = batches.unfinished_reprint(session, root.id)
    assert cycle is not None
    if not spoiled:
        raise Conflict(
            "No piece of batch %(batch)s is spoiled and waits for a reprint.", batch=root.id
        )
    press = _Press(database, settings, cycle, open_depot(settings), progress, proof, by)
    with press.locked():
        choice = choose(database, settings, cycle, only=spoiled)
        if unfinished is not None:
            return press.resume(unfinished, choice)
        return press.begin(choice, reprint_of=root.id)


@dataclass(frozen=True, slots=True)
class _Press:
    """Prints batches of one cycle."""

    database: Database
    settings: Settings
    cycle: Cycle
    depot: Depot
    progress: Progress
    proof: Proof | None
    by: Actor | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs on this machine from printing the cycle; a killed run frees its lock."""
        folder = self.settings.runs_folder
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"publish-{self.cycle.id}.lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._busy() from None
            yield

    def begin(self, choice: Choice, *, reprint_of: int | None = None) -> BatchReport:
        """Print a new batch, when all texts are known to fit."""
        with self.database.read() as session:
            revision = batches.next_revision(session, self.cycle.id)
        campaign = CAMPAIGN if reprint_of is None else REPRINT
        name = f"{self.settings.client}_{campaign}_{self.cycle.as_of:%Y%m%d}_v{revision}"
        choice = self._printable(choice)
        package = self._package(choice, name, revision)
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
                _require_issued(cycles.lock(session, self.cycle.id))
                batches.save(session, batch)
        except IntegrityError as error:
            if violates_unique(error):
                raise self._busy() from None
            raise
        # Only now does the folder belong to this run: another machine could have saved it first.
        self.depot.clear(name)
        batch = self._save_plan(batch, package)
        return self._print(package, batch)

    def _busy(self) -> Conflict:
        return Conflict("Cycle %(cycle)s is being published already.", cycle=self.cycle.id)

    def resume(self, batch: Batch, choice: Choice) -> BatchReport:
        """Finish a batch of a killed run; files from before its plan was saved are not trusted."""
        existing = self.depot.files(batch.name)
        if batch.plan and READY in existing:
            return self._finish(batch)
        choice = self._printable(choice)
        package = self._package(choice, batch.name, batch.revision)
        if package.digest(self.settings) != batch.plan:
            # Consent or an address changed since: a printed page may now belong to another piece.
            self.depot.clear(batch.name)
        return self._print(package, self._save_plan(batch, package))

    def _save_plan(self, batch: Batch, package: Package) -> Batch:
        """Save the digest of what the files will be made of."""
        with self.database.write() as session:
            held = batches.lock(session, batch.id)
            assert held is not None
            if held.state != BatchState.RENDERING:
                raise self._busy()
            held.plan = package.digest(self.settings)
            held.pieces = package.choice.pieces.height
            held.summary = package.choice.summary()
            return batches.save(session, held)

    def _printable(self, choice: Choice) -> Choice:
        """The choice without the lists that no layout holds.

        Raises InvalidInput with every text that does not fit when nothing else is left.
        """
        found = find_unprintable(self.database, self.settings, choice, progress=self.progress)
        if not found:
            return choice
        if len(found) == choice.pieces.height:
            problems = [problem for each in found.values() for problem in each]
            raise InvalidInput(
                "%(number)s texts cannot be printed; no file was made.",
                problems,
                number=Count(len(problems)),
            )
        owners = choice.pieces.filter(pl.col("list_id").is_in([*found]))["household_id"]
        with self.database.read() as session:
            refs = households.refs(session, owners.to_list())
        details = {key: "; ".join(map(str, each[:3])) for key, each in found.items()}
        return choice.without(details, refs)

    def _package(self, choice: Choice, name: str, revision: int) -> Package:
        if choice.pieces.is_empty():
            raise Conflict(
                "No list of cycle %(cycle)s can be mailed: no consent, or no address that "
                "can be printed.",
                cycle=self.cycle.id,
            )
        require_serials(choice.pieces, barcode_of(self.settings))
        return Package(
            name=name,
            revision=revision,
            mail_date=self.cycle.valid_from.isoformat(),
            choice=choice,
            layout=layouts.load(self.settings.layout, inks_of(self.settings)),
            conformance=conformance_of(self.settings, made_on=self.cycle.as_of),
        )

    def _print(self, package: Package, batch: Batch) -> BatchReport:
        self._remove_ended()
        write_package(
            self.database,
            self.settings,
            package,
            self.depot,
            progress=self.progress,
            proof=self.proof,
        )
        return self._finish(batch)

    def _remove_ended(self) -> None:
        """Remove the files of withdrawn and voided batches, also those that a killed run left."""
        with self.database.read() as session:
            ended = batches.ended(session, self.cycle.id)
        for batch in ended:
            remove_files(self.depot, batch.name)
            with self.database.write() as session:
                batches.mark_purged(session, batch.id, at=datetime.now(UTC))

    def _finish(self, batch: Batch) -> BatchReport:
        """Record the contents of the package, which now has its marker, and withdraw the earlier.

        Raises Conflict when the house has the earlier one, it was voided meanwhile, or a household
        was erased whose letter is in it; this one is then withdrawn.
        """
        text = self.depot.read(batch.name, MANIFEST).decode()
        pieces = self._pieces(batch)
        with self.database.write() as session:
            if erasures.any_of_lists(session, pieces["list_id"]):
                refusal, held = self._give_up(session, batch)
            else:
                refusal, held = self._replace_earlier(session, batch)
            if refusal is None and held.state == BatchState.RENDERING:
                self._make_ready(session, held, text, pieces)
        self._remove_ended()
        if refusal is not None:
            raise refusal
        return _report(self.settings, held)

    def _make_ready(self, session: Session, held: Batch, text: str, pieces: pl.DataFrame) -> None:
        manifest = read_manifest(text)
        held.state = BatchState.READY
        held.pieces = manifest["total_pieces"]
        held.pages = sum(file.get("pages", 0) for file in manifest["files"])
        held.manifest = text
        held.published_at = datetime.now(UTC)
        batches.save(session, held)
        if self.by is not None:
            detail = {"cycle": self.cycle.id, "pieces": held.pieces}
            audit.add(
                session, self.by, "publish", "batch", held.id, at=held.published_at, detail=detail
            )
        batches.add_pieces(session, held.id, pieces)

    def _give_up(self, session: Session, batch: Batch) -> tuple[Conflict | None, Batch]:
        """Withdraw a batch with the letter of a household that was erased while it was printed."""
        held = batches.lock(session, batch.id)
        assert held is not None
        held.state = BatchState.WITHDRAWN
        batches.save(session, held)
        return (
            Conflict(
                "A household was erased while batch %(batch)s was printed; publish the cycle "
                "again.",
                batch=batch.id,
            ),
            held,
        )

    def _replace_earlier(self, session: Session, batch: Batch) -> tuple[Conflict | None, Batch]:
        """Withdraw the earlier revisions of a batch, or the batch when one of them must stay.

        All are locked in the order of their ids, so that a pickup or a void comes before or after.
        """
        earlier = [] if batch.reprint_of else batches.earlier(session, batch)
        locked = [batches.lock(session, each.id) for each in earlier]
        held = batches.lock(session, batch.id)
        assert held is not None
        if held.state != BatchState.RENDERING:
            return None, held
        refusal = None
        for each in locked:
            assert each is not None
            refusal = refusal or _why_kept(each)
        gone = [held] if refusal is not None else [each for each in locked if each is not None]
        for each in gone:
            if each.state in (BatchState.READY, BatchState.RENDERING):
                each.state = BatchState.WITHDRAWN
                batches.save(session, each)
        return refusal, held

    def _pieces(self, batch: Batch) -> pl.DataFrame:
        """The copies in the piece file of a package, each with its list."""
        content = self.depot.read(batch.name, f"{batch.name}.csv")
        table = io.BytesIO(content.removeprefix(BOM))
        printed = unguarded(pl.read_csv(table, infer_schema=False).fill_null(""))
        with self.database.read() as session:
            issued = lists.of_cycle(session, self.cycle.id)
        place = pl.col("piece_id").str.split("-").list.last().cast(pl.Int64) - 1
        return printed.select(
            pl.col("seq").cast(pl.Int64),
            "piece_id",
            issued["list_id"].gather(printed.select(place).to_series()).alias("list_id"),
            pl.Series("address_digest", address_digests(self.settings, printed)),
        )


def _require_issued(cycle: Cycle | None) -> None:
    if cycle is not None and cycle.withdrawn_at is not None:
        raise Conflict(
            "Cycle %(cycle)s was withdrawn; `larder cycle recompose %(cycle)s`.",
            cycle=cycle.id,
        )


def _require_not_picked_up(batch: Batch) -> None:
    """Raises Conflict when the batch was picked up or voided."""
    refusal = _why_kept(batch)
    if refusal is not None:
        raise refusal


def _why_kept(batch: Batch) -> Conflict | None:
    """Why no revision can take the place of a batch; None when one can."""
    if batch.picked_up_at is not None:
        return Conflict(
            "Batch %(batch)s was picked up on %(day)s; report its pieces as spoiled and "
            "reprint them.",
            batch=batch.id,
            day=batch.picked_up_at.date(),
        )
    if batch.state == BatchState.VOIDED:
        return Conflict("Batch %(batch)s was voided; its lists stay void.", batch=batch.id)
    return None


def _report(settings: Settings, batch: Batch) -> BatchReport:
    left_out = count_left_out(batch.summary)
    return BatchReport(
        batch_id=batch.id,
        name=batch.name,
        folder=open_depot(settings).display_name(batch.name),
        pieces=batch.pieces,
        pages=batch.pages,
        not_mailed=sum(left_out),
        **left_out._asdict(),
        window=read_manifest(batch.manifest).get("envelope_profile"),
    )
