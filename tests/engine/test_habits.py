"""Why a household is reminded of an item, in every language: nothing that it would not believe."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.habits import Habit, due, reason
from service.engine.records import Due
from service.files import layouts

WORDINGS = layouts.wordings()
ISSUED = date(2026, 3, 20)


def habit(last: int, interval: float | None, expected: int, *, lead: int = 0) -> Habit:
    """Last bought so many days before the list is made, expected so many days after it begins."""
    begins = ISSUED + timedelta(days=lead)
    return Habit(
        last_bought_on=ISSUED - timedelta(days=last),
        interval_days=interval,
        expected_on=begins + timedelta(days=expected),
        issued_on=ISSUED,
        begins_on=begins,
    )


@pytest.mark.parametrize(
    ("found", "text", "when"),
    [
        (habit(8, 14.6, 5), "about every 2 weeks; last bought 12 Mar", Due.NOW),
        (habit(3, 6.6, 4), "about every week; last bought 17 Mar", Due.NOW),
        (habit(1, 1.2, 0), "nearly every day; last bought 19 Mar", Due.NOW),
        (habit(20, 31, 11), "about once a month; last bought 28 Feb", Due.NEXT_WEEK),
        (habit(50, 62, 15), "about every 2 months; last bought 29 Jan", Due.LATER),
        # Three days and a letter that takes five: what was bought meanwhile is not known.
        (habit(2, 3, 1, lead=5), "about every 3 days", Due.NOW),
        # The last purchase is against the interval, then the day expected is, from either side.
        (habit(24, 14, 5), "last bought 24 Feb", Due.NOW),
        (habit(2, 3, 9), "last bought 18 Mar", Due.NEXT_WEEK),
        (habit(1, 60, 5), "last bought 19 Mar", Due.NOW),
        (habit(175, 17, 11), "you have not bought this for a while", Due.OPEN),
        (habit(28, None, 6), "bought once, 20 Feb", Due.NOW),
        (habit(29, None, 6), "bought once so far", Due.OPEN),
        (habit(320, 400, 6), "you have not bought this for a while", Due.NOW),
        (None, "often bought by households like yours", Due.OPEN),
    ],
)
def test_a_reason_says_what_the_purchases_say(found: Habit | None, text: str, when: Due) -> None:
    assert reason(found, WORDINGS["en"]).replace("\u00a0", " ") == text
    assert due(found) == when


@pytest.mark.parametrize(
    ("language", "weeks", "month", "lapsed"),
    [
        ("de", "etwa alle 2 Wochen; zuletzt am 12. März gekauft", "etwa einmal im Monat", "schon"),
        ("fr", "environ toutes les 2 semaines ; dernier achat le 12 mars", "environ une", "pas"),
        (
            "es",
            "más o menos cada 2 semanas; última compra el 12 de mar.",
            "más o menos una",
            "hace",
        ),
        ("el", "περίπου κάθε 2 εβδομάδες· τελευταία αγορά: 12 Μαρ", "περίπου μία φορά", "δεν"),
        ("ru", "примерно раз в 2 недели; последняя покупка 12 мар.", "примерно раз в месяц", "вы"),
        (
            "uk",
            "приблизно раз на 2 тижні; остання покупка 12 бер.",
            "приблизно раз на місяць",
            "ви",
        ),
        ("zh", "大约每2周买一次，上次购买：3月12日", "大约每月买一次", "您有一段时间没买了"),
        ("it", "circa ogni 2 settimane; ultimo acquisto: 12 mar", "circa una volta al mese", "non"),
        (
            "pt",
            "mais ou menos a cada 2 semanas; última compra a 12 de mar.",
            "mais ou menos uma vez por mês",
            "há",
        ),
        (
            "pt-BR",
            "mais ou menos a cada 2 semanas; última compra em 12 de mar.",
            "mais ou menos uma vez por mês",
            "faz",
        ),
        ("ja", "約2週間ごと、前回は3月12日", "月に1回ほど", "しばらく"),
        ("ko", "약 2주마다, 마지막 구매 3월 12일", "한 달에 한 번쯤", "한동안"),
        ("ar", "كل أسبوعين تقريبًا؛ آخر شراء 12 مارس", "مرة في الشهر تقريبًا", "لم"),
        ("he", "בערך כל שבועיים; קנייה אחרונה 12 במרץ", "בערך פעם בחודש", "לא"),
        ("th", "ราวทุก 2 สัปดาห์ ซื้อล่าสุด 12 มี.ค.", "ราวเดือนละครั้ง", "ไม่ได้ซื้อ"),
    ],
)
def test_reasons_are_in_the_household_s_language(
    language: str, weeks: str, month: str, lapsed: str
) -> None:
    wording = WORDINGS[language]
    assert reason(habit(8, 14, 5), wording).replace("\u00a0", " ") == weeks
    assert reason(habit(20, 31, 11), wording).startswith(month)
    assert reason(habit(175, 17, 11), wording).startswith(lapsed)


def test_the_first_of_a_month_is_written_as_french_writes_it() -> None:
    assert WORDINGS["fr"].days.short(date(2026, 12, 1)) == "1er\u00a0déc."
    assert WORDINGS["fr"].days.long(date(2026, 12, 1)) == "1er\u00a0décembre 2026"


DAYS = {"day": 1, "week": 7, "month": 30.44}


@given(
    last=st.integers(1, 700),
    interval=st.none() | st.floats(0.4, 500),
    expected=st.integers(0, 40),
    lead=st.integers(0, 14),
)
def test_no_reason_is_contradicted(
    last: int, interval: float | None, expected: int, lead: int
) -> None:
    """What is read in the text alone is held against the dates."""
    found = habit(last, interval, expected, lead=lead)
    text = reason(found, WORDINGS["en"])
    often = re.match(r"about (?:every|once a) (?:(\d+) )?(day|week|month)", text)
    if often:
        days = int(often[1] or 1) * DAYS[often[2]]
        assert last <= 1.25 * days + 1
        assert expected <= 1.25 * days + 1
        if "last bought" in text:
            assert 0.5 * days <= last + lead + expected <= 1.25 * days + 1
    assert ("for a while" not in text) or last > 28
    assert (due(found) is Due.OPEN) == (last > max(28, 2 * (interval or 0)))
    for wording in WORDINGS.values():
        said = reason(found, wording)
        assert said
        assert "{" not in said
