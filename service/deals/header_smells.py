"""Whether the name of a column smells of a limit, in whatever order, spelling or language.

A column that is not read may be left out, except where it limits what a deal gives or costs.
"""

from functools import lru_cache
from itertools import pairwise

from service.files.headers import plain

_BUDGET, _COPIES, _HOUSEHOLD = "budget", "circulation_max", "limit_per_household"
_SPEND, _FUNDING, _LEAST, _EXCEPT = (
    "budget or min_spend",
    "funding_cap or funding_share_percent",
    "min_quantity or min_spend",
    "excluded_gtins or excluded_brands",
)
_MOST = "budget, circulation_max, limit_per_household, benefit_cap or funding_cap"

_WORDS = {
    _HOUSEHOLD: "household households hh hhold hshld hsld haushalt haushalte foyer menage foyers "
    "hogar hogares domicilio domicilios nucleo famiglia huishouden gospodarstwo domacnost "
    "hushall husholdning hane talous kotitalous pershopper percustomer perperson permember percard "
    "peraccount perbuyer perguest perclient perfamily perhome eachcustomer eachshopper prokunde "
    "jekunde properson jeperson prokarte jekarte parclient parpersonne parcarte porcliente "
    "porpersona portarjeta percliente perpersona",
    _BUDGET: "budget budgets presupuesto orcamento budzet rozpocet butce enveloppe begroting "
    "buget koltsegvetes liability exposure",
    _COPIES: "circulation circ copies auflage exemplare tirage exemplaires tirada ejemplares "
    "tiragem exemplares tiratura copie oplage naklad upplaga oplag kontingent quota quotas "
    "contingent cupo cupos qtyavailable quantityavailable unitsavailable availableqty "
    "availablequantity availableunits supplylimited",
    _FUNDING: "fund funds funded funding cofund cofunding finanzierung financement financiacion "
    "financiamento finanziamento fondo fondos fonds fondi fundo fundos allowance "
    "allowances billback",
    _SPEND: "spend spends spending spent umsatz ausgabe ausgaben depense depenses gasto gastos "
    "spesa uitgaven wydatki",
    _LEAST: "min minimum minimo minimal mindest least threshold minimalna",
    _EXCEPT: "exclude excludes excluded excluding exclusion exclusions excl except exception "
    "exceptions ausgeschlossen ausgenommen ausnahme ausnahmen exclus exclues excluidos "
    "exclusiones excepto esclusi uitgesloten",
    _MOST: "max maximum maxi maximal maximo massimo maximaal maksymalny maksimum mx cap caps "
    "capped ceiling "
    "limit limits limited limite limites limiet limitation begrenzung grenze obergrenze "
    "hochst hochstens deckel plafond tope teto tetto azami grans gransen graense hogst hojst "
    "nomore upto exceed exceeding nte restrict restriction restricted",
}  # fmt: skip
_STEMS = {
    _BUDGET: ("budget", "presupuest", "бюджет", "预算", "預算", "予算", "예산"),
    _HOUSEHOLD: ("household", "haushalt", "每户", "每戶", "每人", "每客", "每位", "一人",
                 "世帯", "가구", "домохоз"),
    _COPIES: ("circulat", "auflage", "тираж", "发行", "發行", "份数", "部数", "부수"),
    _MOST: ("maxim", "limit", "hochst", "上限", "限额", "限量", "限购", "限度", "最大", "最高",
            "最多", "封顶", "한도", "최대", "лимит", "максим", "предел", "не более", "حد"),
}  # fmt: skip
_MEANT = {word: column for column, words in _WORDS.items() for word in words.split()}
_ORDER = tuple(_WORDS)
_TYPED = ("budget", "circulation", "copies", "household", "limit", "maximum", "spend", "funding")
"""The words that are recognised when they are mistyped."""

_PLAIN_STEMS = tuple((plain(stem), column) for column, stems in _STEMS.items() for stem in stems)
# Ordinary words one letter away from one of those.
_OTHERS = frozenset(("send", "sped", "speed", "copied", "copier", "finding"))


@lru_cache(maxsize=4096)
def limit_meant(header: str) -> str:
    """The columns of the form that a header may mean, if it smells of a limit; else empty."""
    words = plain(header).split()
    words += ["".join(pair) for pair in pairwise(words)]
    found = [_MEANT[word] for word in words if word in _MEANT]
    found = found or [column for word in words for stem, column in _PLAIN_STEMS if stem in word]
    found = found or [
        _MEANT[wanted]
        for word in words
        for wanted in _TYPED
        if word not in _OTHERS and len(word) >= 4 and _is_slip(word, wanted)
    ]
    return min(found, key=_ORDER.index, default="")


def _is_slip(word: str, wanted: str) -> bool:
    """Whether a word is another with one letter wrong, missing, doubled or changed over.

    The first letter is right, and a longer word may have two letters missing.
    """
    if word[0] != wanted[0] or word == wanted:
        return False
    shorter = len(wanted) - len(word)
    if shorter == 0:
        wrong = [at for at, letter in enumerate(wanted) if word[at] != letter]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            first, second = wrong
            return word[first] == wanted[second] and word[second] == wanted[first]
        return len(wrong) == 1
    if shorter == -1:
        return any(word[:at] + word[at + 1 :] == wanted for at in range(len(word)))
    if shorter == 1 or (shorter == 2 and len(wanted) >= 9):
        letters = iter(wanted)
        return all(letter in letters for letter in word)
    return False
