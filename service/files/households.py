"""Load households with their addresses, cards and phones."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from pydantic import SecretStr
from sqlmodel import Session

from service.digests import key_mark
from service.engine.identities import EMAIL
from service.engine.redeem import has_wording
from service.engine.render.scripts import PICTURES
from service.errors import Problem
from service.files import consent_cells, layouts, rows
from service.files.contact_cells import ContactNotes, ContactReader, ContactRules
from service.files.headers import HeaderRules
from service.files.household_claims import belonging_to_others, claims_in, refuse_shared
from service.files.lost_zeros import ask_about_zeros
from service.files.notes import shown_rows
from service.files.printed import unprintable_contacts
from service.files.report import LoadReport, Progress, silent
from service.files.rows import PLAIN_TEXT, FileColumn
from service.files.staging import Staging, staging
from service.files.text_form import TextOptions
from service.store import consents, erasures, households
from service.store.session import Database
from service.store.tables.consent import Purpose
from service.store.tables.household import IdentityKind


def _country(expr: pl.Expr) -> pl.Expr:
    code = expr.str.to_uppercase()
    return pl.when(code.str.contains("^[A-Z]{2}$")).then(code)


def _email(expr: pl.Expr) -> pl.Expr:
    return pl.when((expr == "") | expr.str.contains(rf"^{EMAIL}$")).then(expr)


def _language(expr: pl.Expr) -> pl.Expr:
    tag = expr.str.replace_all("_", "-", literal=True).str.replace("^[A-Za-z]{2,3}(-|$)", "")
    main = expr.str.extract("^([A-Za-z]{2,3})([-_]|$)").str.to_lowercase()
    whole = pl.when(tag == "").then(main).otherwise(main + "-" + tag)
    return pl.when(whole.str.contains("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")).then(whole)


def columns(language: str) -> tuple[FileColumn, ...]:
    """The columns of a file of households; `language` is the default of an empty language."""
    optional = ("name", "street", "extra", "postcode", "city", "region")
    return (
        FileColumn("household_id", rows.text, "text"),
        *(FileColumn(name, rows.text, "text", required=False, default="") for name in optional),
        FileColumn("country", _country, "two letters, as US", required=False),
        FileColumn(
            "language", _language, "a language tag, as en", required=False, default=language
        ),
        FileColumn("card", rows.text, "text", required=False),
        FileColumn("phone", rows.text, "text", required=False),
        *consent_cells.COLUMNS,
        FileColumn("consent_at", rows.moment, "a moment with offset", required=False),
        FileColumn("consent_source", rows.text, "text", required=False, default=""),
        FileColumn("carrier_order", rows.text, "text", required=False, default=""),
        FileColumn(
            "email", _email, "an e-mail address, as ada@example.org", required=False, default=""
        ),
    )


_STOPS = (
    r"opt(ed)? ?outs?|\b(no|not|non|never|do not|dont)\b.*\b(mail\w*|contact\w*|post\w*|letter\w*|"
    r"promo\w*|market\w*|print\w*|call\w*|profil\w*)|unsubscri\w*|suppress\w*|robinson|block(ed)?\b|"
    r"decease\w*|\bdead\b|\bdied\b|eras\w*|forget|gdpr|dsgvo|rgpd|consent\w*|permission\w*|"
    r"einwillig\w*|widerspruch|sperr\w*|consentement|consentimiento|\bbaja\b|objecti\w*|opposition"
)
RULES = HeaderRules(
    also={
        "household_id": ("household", "household number", "household no", "household key"),
        "postcode": ("postal code", "zip", "zip code", "zipcode", "plz", "postleitzahl",
                     "code postal", "codigo postal"),
        "city": ("town",),
        "region": ("state", "province"),
        "country": ("country code",),
        "card": ("loyalty card", "card number", "card no"),
        "phone": ("telephone", "phone number", "phone no", "mobile"),
    },
    limits=re.compile(_STOPS),
    remedy="say it in mail_consent, or remove the column if it is something else",
    asks=re.compile(r"\bstatus\b|\b(in)?active\b|closed|deleted|cancel\w*"),
)  # fmt: skip
_CONTENTS = ("name", "street", "extra", "postcode", "city", "region", "country", "language",
             "mail_consent", "consent_at", "consent_source", "carrier_order", "email")  # fmt: skip
_SAID = tuple(name for name in consent_cells.CONSENTS if name not in _CONTENTS)
_PRINTED = ("name", "street", "extra", "city", "region")
_FEW_ROUNDED = 0.01
_NAMED_UNPRINTABLE = 100


def load_households(
    database: Database,
    path: Path,
    *,
    secret_key: SecretStr,
    language: str,
    country: str = "",
    card_pattern: str = "",
    layout: str = "",
    accept: str = "",
    text: TextOptions = PLAIN_TEXT,
    progress: Progress = silent,
) -> LoadReport:
    """Add or update the households of a file; each chunk of rows is committed when it is done.

    Of several rows with one household_id the last counts; the cards and phones of all are added.
    For households that exist already, what the file has no column for stays as it is. Cards and
    phones are stored as keyed digests of one form each; `country` is that of phones that name none,
    `card_pattern` that of cards that are no GSRN. Whose letter cannot be printed in `layout` is
    loaded and named in a note. The file is read to its end first. Raises as
    `rows.read` does, and NotAccepted unless `accept` accepts the notes that ask.
    """
    pattern = re.compile(card_pattern) if card_pattern else None
    rules = ContactRules(secret_key, country, pattern)
    with staging() as staged:
        reader = ContactReader(str(path), rules)
        claims, contents = [], []
        unprintable: list[str] = []
        pictured: list[int] = []
        moved: list[int] = []
        out: list[int] = []
        with database.read() as session:
            for chunk in rows.read(path, columns(language), options=text, rules=RULES):
                frame, faults = reader.read(chunk.rows)
                _refuse(staged, faults)
                frame = frame.filter(~pl.col(rows.ROW).is_in(set(faults)))
                staged.add(chunk, frame)
                unprintable += _unprintable(frame, layout, country, language)
                pictured += _pictured(frame)
                out += _erased(session, secret_key, frame)
                claims.append(claims_in(frame))
                hashed = frame.select(*_CONTENTS, *_SAID).hash_rows().alias("contents")
                contents.append(frame.select(rows.ROW, "household_id", "consent_at", hashed))
                moved += belonging_to_others(session, claims[-1])
                progress("read", chunk.done, chunk.total)
        left = pl.concat(claims).filter(~pl.col(rows.ROW).is_in(set(out)))
        refuse_shared(staged, path, left)
        if out:
            staged.drop(out)
            staged.report.known += len(out)
            staged.report.note(
                f"{len(out):,} rows are of households that were erased, and stay out: "
                f"{shown_rows(out)}"
            )
        _add_notes(staged, reader.notes, moved, language)
        _note_unprintable(staged.report, unprintable)
        if pictured:
            staged.report.note(
                f"emoji in names and addresses are kept, and left out in print where no font has "
                f"them: {shown_rows(pictured)}"
            )
        whole = pl.concat(contents)
        _ask_for_repeated(staged, whole)
        with database.read() as session:
            ask_about_zeros(
                staged, "households", whole["household_id"], households.ids_by_ref(session)
            )
        staged.require_accepted(path, accept)
        return _store(database, staged, progress, key_mark(secret_key))


def _unprintable(frame: pl.DataFrame, layout: str, country: str, language: str) -> list[str]:
    """Whose letters cannot be printed, each with its row, column and reason."""
    if not layout:
        return []
    named = frame.select("household_id", rows.ROW).rows()
    sender = layouts.sender_for(layout, country=country, language=language)
    return [
        f"household {named[place][0]} (row {named[place][1]}, column {fault.part}, "
        f"{fault.reason.value}): it {fault.detail}; {fault.remedy}"
        for place, fault in unprintable_contacts(frame, layout, sender)
    ]


def _pictured(frame: pl.DataFrame) -> list[int]:
    """The rows with an emoji in what is printed of a household."""
    texts = [pl.col(name).str.contains(PICTURES) for name in _PRINTED]
    return frame.filter(pl.any_horizontal(texts))[rows.ROW].to_list()


def _note_unprintable(report: LoadReport, unprintable: list[str]) -> None:
    if not unprintable:
        return
    more = len(unprintable) - _NAMED_UNPRINTABLE
    rest = f"; and {more:,} more" if more > 0 else ""
    report.note(
        f"{len(unprintable):,} households that agreed to mail get no list, because their letter "
        f"cannot be printed: {'; '.join(unprintable[:_NAMED_UNPRINTABLE])}{rest}"
    )


def _refuse(staged: Staging, faults: Mapping[int, list[Problem]]) -> None:
    problems = tuple(problem for _, found in sorted(faults.items()) for problem in found)
    staged.report.refuse(problems, len(faults))


def _store(database: Database, staged: Staging, progress: Progress, mark: str) -> LoadReport:
    report = staged.report
    overruled, dropped = 0, Counter[Purpose]()
    for chunk in staged.chunks():
        good = chunk.rows.drop(rows.ROW).rename({"household_id": "ref"})
        frame = good.unique("ref", keep="last", maintain_order=True).with_columns(
            pl.col("country").fill_null("")
        )
        with database.write() as session:
            households.upsert_households(
                session,
                consent_cells.allowed(frame, staged.present).select(
                    "ref", *_CONTENTS, "phone_sealed"
                ),
                *_identities(good, mark),
                renewed=staged.present | ({"phone_sealed"} if "phone" in staged.present else set()),
            )
            if "email_consent" in staged.present:
                dropped[Purpose.EMAIL] += frame.filter(
                    (pl.col("email") != "") & ~pl.col("email_consent")
                ).height
            said = consent_cells.said(frame, staged.present)
            overruled += consents.take_from_file(session, said, at=datetime.now(UTC))
            dropped += Counter(consents.align_staged_contacts(session))
        report.taken += frame.height
        report.known += good.height - frame.height
        progress("households", chunk.done, chunk.total)
    consent_cells.note(report, overruled, dropped)
    return report


def _erased(session: Session, key: SecretStr, frame: pl.DataFrame) -> list[int]:
    """The rows of households that were erased, by their number or their card."""
    cards = {*frame["card_digest"], *frame["card_older"].explode()}
    found = erasures.erased_among(session, key, frame["household_id"], cards)
    if not found.refs and not found.cards:
        return []
    is_known = pl.element().is_in(found.cards)
    gone = (
        pl.col("household_id").is_in(found.refs)
        | pl.col("card_digest").is_in(found.cards)
        | pl.col("card_older").list.eval(is_known).list.any()
    )
    return frame.filter(gone.fill_null(False))[rows.ROW].to_list()


def _identities(frame: pl.DataFrame, mark: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The digests to know cards and phones by, and those of other forms that are over."""
    found, over = [], []
    for kind in IdentityKind:
        given = frame.filter(pl.col(f"{kind.value}_digest").is_not_null())
        named = pl.lit(kind.value).alias("kind")
        digest = pl.col(f"{kind.value}_digest").alias("digest")
        found.append(given.select(named, digest, "ref", pl.lit(mark).alias("key_mark")))
        other = pl.col(f"{kind.value}_older").explode(empty_as_null=True).alias("digest")
        over.append(given.select(other).drop_nulls().select(named, "digest"))
    return (
        pl.concat(found).unique(["kind", "digest"], keep="last", maintain_order=True),
        pl.concat(over).unique(maintain_order=True),
    )


def _add_notes(staged: Staging, notes: ContactNotes, moved: list[int], language: str) -> None:
    if moved:
        staged.ask(
            f"{len(moved):,} cards or phones belong to another household now and move to the one "
            f"named here: {shown_rows(sorted(moved))}"
        )
    if notes.repaired:
        first = ", ".join(f"row {row}: {text}" for row, text in list(notes.repaired.items())[:3])
        staged.ask(
            f"{len(notes.repaired):,} postcodes lost their leading zeros, which are put back "
            f"({first})"
        )
    if notes.bare_phones:
        staged.ask(
            f"{len(notes.bare_phones):,} phones have no + and LARDER_COUNTRY is not set; their "
            f"first digits are read as the country's code: {shown_rows(notes.bare_phones)}"
        )
    if len(notes.rounded) > _FEW_ROUNDED * notes.cards:
        staged.ask(
            f"{len(notes.rounded):,} cards end in zeros as if a spreadsheet had rounded them: "
            f"{shown_rows(notes.rounded)}"
        )
    spoken = layouts.wordings()
    lacking = {each: count for each, count in sorted(notes.languages.items())
               if not has_wording(spoken, each)}  # fmt: skip
    if lacking:
        named = ", ".join(f"{each} ({count:,})" for each, count in lacking.items())
        staged.report.note(
            f"{sum(lacking.values()):,} households speak a language without phrases; their lists "
            f"are in {language}: {named}"
        )


def _ask_for_repeated(staged: Staging, contents: pl.DataFrame) -> None:
    now = datetime.now(UTC)
    ahead = contents.filter(pl.col("consent_at") > now + timedelta(days=1))
    if ahead.height:
        staged.ask(f"consent is dated in the future: {shown_rows(ahead[rows.ROW].to_list())}")
    if not contents["household_id"].is_duplicated().any():
        return
    other = contents.filter(pl.col("contents").n_unique().over("household_id") > 1)
    if other.height:
        staged.ask(
            f"{other['household_id'].n_unique():,} households come more than once with other "
            f"contents; the last row of each counts: {shown_rows(other[rows.ROW].to_list())}"
        )
