"""The forecast model a cycle predicts with: fitted, kept under its date, and found again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session

from service.cycle.inputs import midnight, read_purchases
from service.engine.predict import Contest, CustomerBase, Model, carry_on, compare, fit_base
from service.errors import Conflict, InvalidInput
from service.files.spill import Spiller
from service.settings import Settings
from service.store import baskets, cycles
from service.store.session import Database
from service.store.tables.cycle import Forecast

logger = logging.getLogger("larder.forecast")

# A model older than this is fitted again for a cycle.
FORECAST_DAYS = 7
# The purchases of so many households are read at a time.
READ_TOGETHER = 10_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The model that is stored now, and how the fitted one did against the one stored before.

    `contest` is None when there was none that it could be compared with.
    """

    model: Model
    contest: Contest | None

    @property
    def is_kept(self) -> bool:
        """Whether the fitted model was worse, so that the earlier one goes on."""
        return self.contest is not None and self.contest.is_new_worse


def stored_model(session: Session, *, as_of: date, any_age: bool = False) -> Model | None:
    """The newest model that has seen nothing from a date on, unless it is too old.

    One that cannot be read counts as none: another version of Larder left it, or it is damaged.
    """
    found = cycles.forecast_for(session, as_of)
    if found is None:
        return None
    if not any_age and found.as_of < as_of - timedelta(days=FORECAST_DAYS):
        return None
    try:
        return _model(
            _Stored(found.id, found.as_of, found.fitted_at, partial(getattr, found, "model"))
        )
    except InvalidInput as error:
        logger.error("the forecast stored for %s is not used: %s", found.as_of, error.detail)
        return None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A stored model by what tells it from any other; `read` gives its text."""

    forecast_id: int
    as_of: date
    fitted_at: datetime
    read: Callable[[], str] = field(compare=False)


@lru_cache(maxsize=2)
def _model(stored: _Stored) -> Model:
    """A model that many households ask for is read once."""
    return Model.from_json(stored.read())


def refresh_forecast(database: Database, settings: Settings, *, as_of: date) -> Refreshed:
    """Fit the forecast on everything bought before a date, and keep it unless it is worse.

    The purchases of some households after others are in memory, the rest waits in the runs' folder.
    Raises Conflict when nothing was bought.
    """
    settings.runs_folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="forecast-", dir=settings.runs_folder) as folder:
        spiller = Spiller(Path(folder), as_of)
        with database.read() as session:
            ids = baskets.buyers(session, before=midnight(as_of, settings))
            for start in range(0, len(ids), READ_TOGETHER):
                some = ids[start : start + READ_TOGETHER]
                spiller.add(read_purchases(session, settings, before=as_of, household_ids=some))
        if not spiller.rows:
            raise _nothing_bought(as_of)
        return _fit_and_keep(database, settings, spiller.base(), as_of=as_of)


def fit_and_keep(
    database: Database, settings: Settings, base: CustomerBase, *, as_of: date
) -> Model:
    """Fit the forecast on what was bought, and keep it under its date unless it is worse."""
    return _fit_and_keep(database, settings, base, as_of=as_of).model


def _fit_and_keep(
    database: Database, settings: Settings, base: CustomerBase, *, as_of: date
) -> Refreshed:
    """Fit a model; store it, or the one before with the day's counts if the new one is worse."""
    model = fit_base(base, as_of=as_of, horizon_days=settings.forecast_days)
    with database.read() as session:
        earlier = stored_model(session, as_of=as_of, any_age=True)
    contest = None if earlier is None else compare(base, model, earlier)
    found = Refreshed(model, contest)
    if earlier is not None and contest is not None and contest.is_new_worse:
        found = Refreshed(carry_on(earlier, model), contest)
        logger.warning("forecast of %s: %s", as_of, _said(contest, earlier))
    _keep(database, found.model)
    return found


def _said(contest: Contest, earlier: Model) -> str:
    return (
        f"the fitted model is worse (log loss {contest.new_log_loss:.4f} against "
        f"{contest.old_log_loss:.4f}, difference {contest.difference:.4f} with a standard error of "
        f"{contest.standard_error:.4f}, {contest.households} households from {contest.origin}); "
        f"the one stored for {earlier.as_of} is kept"
    )


def _keep(database: Database, model: Model) -> None:
    kept = Forecast(as_of=model.as_of, fitted_at=datetime.now(UTC), model=model.to_json())
    with database.write() as session:
        cycles.save_forecast(session, kept)


def _nothing_bought(as_of: date) -> Conflict:
    return Conflict(
        "No household has bought anything before %(as_of)s. Load baskets first.", as_of=as_of
    )
