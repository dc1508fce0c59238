"""What offers say, in every language that lists are printed in."""

import pytest

from service.engine.redeem import (
    BENEFITS,
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
    Terms,
    wording_of,
)
from service.errors import InvalidInput
from service.files import layouts

WORDINGS = layouts.wordings()
PIECES = Condition((Need(2000),))


SAID: list[tuple[Benefit, Condition, str, str]] = [
    (AmountOff(100), Condition(), "$1.00 off", ""),
    (AmountOff(100), PIECES, "$1.00 off", "when you buy 2"),
    (PercentOff(2000), Condition(), "20% off", ""),
    (PercentOff(1250), PIECES, "12.5% off", "when you buy 2"),
    (FixedPrice(0), Condition(), "only $0.00", ""),
    (FixedPrice(199), PIECES, "only $1.99", "when you buy 2"),
    (BundlePrice(500), PIECES, "2 for $5.00", ""),
    (BuyGet(1), PIECES, "buy 2, get 1 free", ""),
    (BuyGet(2, basis_points=5000), PIECES, "buy 2, get 2 50% off", ""),
    (FreeItem(), Condition((Need(0),)), "free", ""),
    (FreeItem(cap_cents=300), Condition((Need(0),)), "free, up to $3.00", ""),
    (Points(250), Condition(), "250 points", ""),
    (Points(1), Condition(), "1 point", ""),
    (AmountOff(500), Condition((Need(0),), 3000), "$5.00 off", "when you spend $30.00 on them"),
    (
        AmountOff(500),
        Condition((Need(2000),), 3000),
        "$5.00 off",
        "when you buy 2, when you spend $30.00 on them",
    ),
    (PercentOff(1000), Condition((Need(500, "kg"),)), "10% off", "from 0.5 kg"),
]


@pytest.mark.parametrize(("benefit", "condition", "value", "asked"), SAID)
def test_what_comes_off_and_what_must_be_bought(
    benefit: Benefit, condition: Condition, value: str, asked: str
) -> None:
    terms = Terms(condition, benefit)
    assert WORDINGS["en"].benefit(terms, currency="USD") == value
    assert WORDINGS["en"].condition(terms, currency="USD") == asked


def test_every_benefit_is_worded_in_every_language() -> None:
    assert {benefit.kind for benefit, *_ in SAID} == BENEFITS.keys()
    for language, wording in WORDINGS.items():
        said = {
            wording.benefit(Terms(asked, benefit), currency="EUR") for benefit, asked, *_ in SAID
        }
        # Alike are two sums of 1.00, of 5.00; nothing else.
        assert len(said) == len(SAID) - 2, language


@pytest.mark.parametrize(
    ("language", "percent", "buy_get", "points", "asked"),
    [
        ("en-US", "12.5% off", "buy 2, get 1 free", "21 points", "from 0.5 kg"),
        ("de", "12,5\u00a0% Rabatt", "2 kaufen, 1 geschenkt", "21 Punkte", "ab 0,5 kg"),
        ("fr", "12,5\u00a0% de réduction", "2 achetés, 1 offert", "21 points", "dès 0,5 kg"),
        (
            "es",
            "12,5\u00a0% de descuento",
            "compre 2, llévese 1 gratis",
            "21 puntos",
            "desde 0,5 kg",
        ),
        ("el", "έκπτωση 12,5%", "2 + 1 δώρο", "21 πόντοι", "από 0,5 κιλά"),
        ("ru", "скидка 12,5\u00a0%", "2 + 1 в подарок", "21 балл", "от 0,5 кг"),
        ("uk", "знижка 12,5\u00a0%", "2 + 1 у подарунок", "21 бал", "від 0,5 кг"),
        ("zh", "立减12.5%", "买2件送1件", "21积分", "满0.5公斤"),
        ("it", "sconto 12,5%", "compri 2, 1 in omaggio", "21 punti", "da 0,5 kg"),
        ("pt", "12,5% de desconto", "compre 2, leve 1 grátis", "21 pontos", "a partir de 0,5 kg"),
        ("ja", "12.5%引き", "2点買うとさらに1点無料", "21ポイント", "0.5kg以上"),
        ("ko", "12.5% 할인", "2개 사면 1개 무료", "21포인트", "0.5kg 이상"),
        ("ar", "خصم 12.5%", "اشتروا 2، خذوا 1 مجانًا", "21 نقطة", "من 0.5 كغ"),
        ("he", "12.5% הנחה", "קונים 2, מקבלים 1 חינם", "21 נקודות", "החל מ־0.5 ק״ג"),
        ("th", "ลด 12.5%", "ซื้อ 2 แถม 1 ชิ้น", "21 คะแนน", "ตั้งแต่ 0.5 กก."),
    ],
)
def test_offers_are_worded_in_the_household_s_language(
    language: str, percent: str, buy_get: str, points: str, asked: str
) -> None:
    wording = WORDINGS[language]
    assert wording.benefit(Terms(PIECES, PercentOff(1250)), currency="EUR") == percent
    assert wording.benefit(Terms(PIECES, BuyGet(1)), currency="EUR") == buy_get
    assert wording.benefit(Terms(PIECES, Points(21)), currency="EUR") == points
    weighed = Terms(Condition((Need(500, "kg"),)), PercentOff(1250))
    assert wording.condition(weighed, currency="EUR") == asked


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ar", {1: "كل أسبوع تقريبًا", 2: "كل أسبوعين تقريبًا", 3: "كل 3 أسابيع تقريبًا",
                11: "كل 11 أسبوعًا تقريبًا", 100: "كل 100 أسبوع تقريبًا",
                103: "كل 103 أسابيع تقريبًا"}),
        ("he", {1: "בערך כל שבוע", 2: "בערך כל שבועיים", 3: "בערך כל 3 שבועות",
                100: "בערך כל 100 שבועות"}),
        ("th", {1: "ราวทุก 1 สัปดาห์", 2: "ราวทุก 2 สัปดาห์"}),
    ],
)  # fmt: skip
def test_counted_words_have_the_forms_of_their_language(
    language: str, said: dict[int, str]
) -> None:
    wording = WORDINGS[language]
    assert {count: wording.say("every_weeks", count=count) for count in said} == said


def test_a_region_without_phrases_writes_amounts_its_own_way() -> None:
    swiss = wording_of(WORDINGS, "de_CH")
    assert swiss.benefit(Terms(Condition(), AmountOff(123450)), currency="CHF") == (
        "CHF\u00a01’234.50 Rabatt"
    )
    with pytest.raises(InvalidInput, match="no phrases for 'xx'"):
        wording_of(WORDINGS, "xx")


def test_every_language_says_everything_with_the_same_values() -> None:
    english = WORDINGS["en"].texts
    for wording in WORDINGS.values():
        assert wording.texts.keys() == english.keys()
        assert wording.tip
        for key, text in wording.texts.items():
            forms = [text] if isinstance(text, str) else list(text.values())
            for form in forms:
                form.format(
                    number="1", amount="2", percent="3", count=4, buy="5", get="6", quantity="7",
                    unit="8", first="9", second="10", day="11", often="12", after="13", before="14",
                )  # fmt: skip
            assert any("{count}" in form for form in forms) or key not in ("points", "every_days")
