"""Today: what needs whoever looks, and the state of the loop."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.admin.today import NewestCycle, Today
from service.engine.rights import Right
from service.jobs import scheduler
from service.pages import page
from service.pages.charts import Chart, Series, bars_by_day
from service.pages.kept import Kept
from service.pages.languages import Language
from service.pages.visitor import Member, MemberDep, SettingsDep
from service.settings import Settings

router = APIRouter()

_CYCLE_SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for somebody: what it is, and the button that leads to it.

    Without `path` there is no page for it yet, and `hint` says what to do.
    """

    text: str
    hint: str
    button: str = ""
    path: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, its name, and what it counts."""

    name: str
    value: str
    counts: str


@router.get("/")
def today(request: Request, settings: SettingsDep, member: MemberDep) -> Response:
    """The front page of whoever is logged in."""
    kept: Kept[Today] = request.app.state.today
    counted = kept.get()
    language = member.language
    cycle = counted.cycle
    sees_loop = member.signed_in.may(Right.SEE_CYCLES)
    return page.show(
        request,
        "today.html",
        needs=needs(member, counted, settings, now=datetime.now(UTC)),
        figures=figures(language, counted, settings) if sees_loop and cycle else [],
        chart=chart(language, cycle) if sees_loop and cycle else None,
        cycle=cycle,
        sees_loop=sees_loop,
        counted_at=counted.at,
        is_demonstration=settings.demonstration,
    )


def needs(member: Member, counted: Today, settings: Settings, *, now: datetime) -> list[Need]:
    """What waits for somebody with their rights, the most pressing first."""
    language, may = member.language, member.signed_in.may
    waiting = counted.waiting
    found: list[Need] = []
    if waiting.failed_runs and may(Right.SEE_OPERATIONS):
        found.append(
            Need(
                language.count(
                    "%(number)s run failed in the last 7 days",
                    "%(number)s runs failed in the last 7 days",
                    waiting.failed_runs,
                ),
                language.text("Each says what failed and what to do."),
                language.text("See runs"),
                "/operations?state=failed",
                is_urgent=True,
            )
        )
    if may(Right.SEE_DEALS):
        found += _deal_needs(member, counted)
    if may(Right.CLEAR_MONEY):
        found += _clearing_needs(language, counted, settings)
    if may(Right.EXPLAIN_REFUSALS):
        found += _case_need(language, counted)
    if waiting.unconfirmed_batches and may(Right.SEE_BATCHES):
        found.append(
            Need(
                language.count(
                    "%(number)s batch is not confirmed by the mailing house",
                    "%(number)s batches are not confirmed by the mailing house",
                    waiting.unconfirmed_batches,
                ),
                language.text("Ready for more than a day; its files may be waiting to be fetched."),
                language.text("See batches"),
                "/batches?state=ready",
            )
        )
    if may(Right.SEE_CYCLES) and settings.serve_scheduler:
        found += _cycle_need(language, settings, now=now)
    return found


def _deal_needs(member: Member, counted: Today) -> list[Need]:
    language, may = member.language, member.signed_in.may
    waiting = counted.waiting
    found = []
    if waiting.checked and may(Right.APPROVE_DEALS):
        found.append(
            Need(
                language.count(
                    "%(number)s deal waits for approval",
                    "%(number)s deals wait for approval",
                    waiting.checked,
                ),
                language.text("Checked by somebody; they run once a second person approves them."),
                language.text("Approve"),
                "/deals?state=checked",
                is_urgent=True,
            )
        )
    if waiting.drafts and may(Right.CHANGE_DEALS):
        found.append(
            Need(
                language.count(
                    "%(number)s draft to check", "%(number)s drafts to check", waiting.drafts
                ),
                language.text("Loaded; nobody has confirmed yet that they say what was meant."),
                language.text("Check"),
                "/deals?state=draft",
            )
        )
    return found + _limit_needs(language, counted)


def _clearing_needs(language: Language, counted: Today, settings: Settings) -> list[Need]:
    """Disputes, drafts and money that wait for finance."""
    waiting, text = counted.waiting.clearing, language.text

    def money(cents: int) -> str:
        return language.money(cents, settings.currency)

    found = []
    if waiting.disputes:
        said = language.count(
            "%(number)s dispute to answer", "%(number)s disputes to answer", waiting.disputes
        )
        hint = text("Over %(amount)s; each has its day.", amount=money(waiting.disputed_cents))
        found.append(Need(said, hint, text("See disputes"), "/clearing/disputes?state=open"))
    if waiting.drafts:
        said = language.count(
            "%(number)s claim to issue", "%(number)s claims to issue", waiting.drafts
        )
        hint = text("Drafts over %(amount)s; nobody owes them yet.",
                    amount=money(waiting.draft_cents))  # fmt: skip
        found.append(Need(said, hint, text("Issue drafts"), "/clearing/issue"))
    if waiting.suspended:
        said = language.count(
            "%(number)s receipt in suspense", "%(number)s receipts in suspense", waiting.suspended
        )
        hint = text("%(amount)s belongs to no claim yet.", amount=money(waiting.suspense_cents))
        found.append(Need(said, hint, text("See receipts"), "/clearing/receipts?state=suspended"))
    return found


def _case_need(language: Language, counted: Today) -> list[Need]:
    """Questions of households that wait for the service desk."""
    cases = counted.waiting.cases
    if not cases.waiting:
        return []
    said = language.count(
        "%(number)s question of a household to answer",
        "%(number)s questions of households to answer",
        cases.waiting,
    )
    hint = language.count(
        "%(number)s of them waits for more than a day.",
        "%(number)s of them wait for more than a day.",
        cases.late,
    )
    return [Need(said, hint, language.text("Answer"), "/desk", is_urgent=cases.late > 0)]


def _limit_needs(language: Language, counted: Today) -> list[Need]:
    """Deals that come near a limit, for all who see deals."""
    waiting = counted.waiting
    found = []
    if waiting.short_of_budget:
        found.append(
            Need(
                language.count(
                    "%(number)s deal has less than 10%% of its budget left",
                    "%(number)s deals have less than 10%% of their budget left",
                    waiting.short_of_budget,
                ),
                language.text("Reserved or spent; raise the budget, or let the deal run out."),
                language.text("Look at budgets"),
                "/deals?need=budget",
            )
        )
    if waiting.behind_guarantee:
        found.append(
            Need(
                language.count(
                    "%(number)s deal has fewer copies out than were promised",
                    "%(number)s deals have fewer copies out than were promised",
                    waiting.behind_guarantee,
                ),
                language.text("The supplier was guaranteed more; the next cycle can still do it."),
                language.text("Look at promises"),
                "/deals?need=guarantee",
            )
        )
    return found


def _cycle_need(language: Language, settings: Settings, *, now: datetime) -> list[Need]:
    job = next(each for each in scheduler.planned_jobs(settings) if each.name == "cycle")
    at = scheduler.next_slot(job, now)
    if at is None or at - now > _CYCLE_SOON:
        return []
    day = at.astimezone(ZoneInfo(settings.timezone)).date()
    return [
        Need(
            language.text("The next cycle starts on %(day)s", day=language.weekday(day)),
            language.text("Whatever it should carry must be approved by then."),
            language.text("See deals"),
            "/deals?state=approved&state=running",
        )
    ]


def figures(language: Language, counted: Today, settings: Settings) -> list[Figure]:
    """The state of the loop in numbers, each with what it counts."""
    cycle, budgets = counted.cycle, counted.budgets
    assert cycle is not None

    def money(cents: int) -> str:
        return language.money(cents, settings.currency)

    used = cycle.uses / cycle.copies if cycle.copies else 0.0
    committed = budgets.committed_cents / budgets.budget_cents if budgets.budget_cents else 0.0
    return [
        Figure(
            language.text("Lists out"),
            language.number(cycle.lists),
            language.text(
                "households with a list of the cycle of %(day)s", day=language.day(cycle.as_of)
            ),
        ),
        Figure(
            language.text("Offers on them"),
            language.number(cycle.copies),
            language.text(
                "copies on these lists, worth up to %(money)s", money=money(cycle.face_value_cents)
            ),
        ),
        Figure(
            language.text("Offers used"),
            language.number(cycle.uses),
            language.text(
                "uses at the tills, %(share)s of the copies", share=language.percent(used)
            ),
        ),
        Figure(
            language.text("Taken off"),
            money(cycle.discount_cents),
            language.text(
                "off at the tills, %(money)s of it paid by suppliers",
                money=money(cycle.supplier_cents),
            ),
        ),
        Figure(
            language.text("Budgets"),
            language.percent(committed),
            language.count(
                "reserved or spent of %(money)s, the budget of %(number)s deal",
                "reserved or spent of %(money)s, the budgets of %(number)s deals",
                budgets.with_budget,
                money=money(budgets.budget_cents),
            ),
        ),
        *_case_figure(language, counted),
    ]


def _case_figure(language: Language, counted: Today) -> list[Figure]:
    """How quickly questions of households are answered, once some were asked."""
    cases = counted.waiting.cases
    if not cases.counted:
        return []
    return [
        Figure(
            language.text("Answered within a day"),
            language.percent(cases.in_a_day / cases.counted),
            language.count(
                "of %(number)s question that a household asked in 30 days",
                "of %(number)s questions that households asked in 30 days",
                cases.counted,
            ),
        )
    ]


def chart(language: Language, cycle: NewestCycle) -> Chart:
    """Uses by day of the newest cycle, against the mean that was expected."""
    length = (cycle.valid_to - cycle.valid_from).days + 1
    days: list[date] = [cycle.valid_from + timedelta(place) for place in range(length)]
    uses = dict(cycle.by_day.select("day", "uses").iter_rows())
    mean = cycle.expected_uses / length
    return bars_by_day(
        "uses",
        days,
        Series(language.text("Used"), [uses.get(day, 0) for day in days], "first"),
        Series(language.text("Expected"), [mean] * length, "expected"),
        title=language.text("Offers used by day"),
        description=language.text(
            "%(uses)s uses from %(first)s to %(last)s; %(expected)s were expected over all days "
            "when the lists were issued, here spread evenly.",
            uses=language.number(cycle.uses),
            first=language.day(days[0]),
            last=language.day(days[-1]),
            expected=language.number(round(cycle.expected_uses)),
        ),
        language=language,
    )
