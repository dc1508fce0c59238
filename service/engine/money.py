"""Money in whole minor units: splitting a sum, taking percents, formatting amounts.

Two rounding rules hold everywhere: splitting a sum uses largest remainders, a percent rounds half
up. No floats are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.currencies import minor_digits
from service.errors import InvalidInput

BASIS_POINTS = 10_000


def spread(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Split a sum in proportion to `weights` by largest remainder; the parts add up exactly.

    Among equal remainders the earlier part gets the cent. A negative sum splits like the positive
    one, with the sign changed. If the sum is not above the sum of the weights, no part is above its
    weight. Raises `ValueError` for a negative weight, or if a sum other than 0 has only zero
    weights.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        if total_cents == 0 and whole == 0 and not any(weights):
            return [0] * len(weights)
        raise ValueError("weights must be non-negative and not all zero")
    if total_cents < 0:
        return [-part for part in spread(-total_cents, weights)]
    if len(weights) == 1:
        return [total_cents]
    parts = [total_cents * weight // whole for weight in weights]
    left = total_cents - sum(parts)
    if left:
        rests = [-(total_cents * weight % whole) for weight in weights]
        for i in sorted(range(len(parts)), key=rests.__getitem__)[:left]:
            parts[i] += 1
    return parts


def basis_points_off(amount_cents: int, basis_points: int) -> int:
    """`basis_points` hundredths of a percent of an amount; half a cent rounds away from zero."""
    if amount_cents < 0:
        return -basis_points_off(-amount_cents, basis_points)
    return (2 * amount_cents * basis_points + BASIS_POINTS) // (2 * BASIS_POINTS)


def percent_off(amount_cents: int, percent: int | Decimal) -> int:
    """`percent` of an amount; half a cent rounds away from zero.

    Raises `ValueError` for a percent with more than two decimals, and `TypeError` for a float,
    which cannot hold 12.35 exactly.
    """
    if not isinstance(percent, (int, Decimal)):
        raise TypeError("a percent is an int or a Decimal")
    basis_points = percent * 100
    if basis_points != int(basis_points):
        raise ValueError("a percent has at most two decimals")
    return basis_points_off(amount_cents, int(basis_points))


@dataclass(frozen=True, slots=True)
class _Style:
    """How a language writes money: separators, and whether the symbol comes first."""

    decimal: str
    group: str
    symbol_first: bool
    gap: str = ""
    from_right: bool = False
    """Whether it stands in texts from right to left, with the symbol on the left of its number."""


_NBSP = "\u00a0"
_THIN = "\u202f"
_LRM, _RLM = "\u200e", "\u200f"
_DOT = _Style(decimal=".", group=",", symbol_first=True)
_COMMA_AFTER = _Style(decimal=",", group=".", symbol_first=False, gap=_NBSP)
_FROM_RIGHT = _Style(decimal=".", group=",", symbol_first=False, gap=_NBSP, from_right=True)
_SPACE_AFTER = _Style(decimal=",", group=_NBSP, symbol_first=False, gap=_NBSP)

_STYLES = {
    "en": _DOT,
    "de": _COMMA_AFTER,
    "de-CH": _Style(decimal=".", group="’", symbol_first=True, gap=_NBSP),
    "de-AT": _Style(decimal=",", group=".", symbol_first=True, gap=_NBSP),
    "fr": _Style(decimal=",", group=_THIN, symbol_first=False, gap=_NBSP),
    "es": _COMMA_AFTER,
    "es-MX": _DOT,
    "es-US": _DOT,
    "it": _COMMA_AFTER,
    "nl": _Style(decimal=",", group=".", symbol_first=True, gap=_NBSP),
    "pt": _COMMA_AFTER,
    "pt-BR": _Style(decimal=",", group=".", symbol_first=True, gap=_NBSP),
    "da": _COMMA_AFTER,
    "sv": _SPACE_AFTER,
    "nb": _SPACE_AFTER,
    "fi": _SPACE_AFTER,
    "pl": _SPACE_AFTER,
    "cs": _SPACE_AFTER,
    "el": _COMMA_AFTER,
    "ru": _SPACE_AFTER,
    "uk": _SPACE_AFTER,
    "zh": _DOT,
    "ja": _DOT,
    "ko": _DOT,
    "th": _DOT,
    "vi": _COMMA_AFTER,
    "ar": _FROM_RIGHT,
    "he": _FROM_RIGHT,
}
_SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "CAD": "$", "AUD": "$", "NZD": "$", "MXN": "$",
    "BRL": "R$", "JPY": "¥", "PLN": "zł", "CZK": "Kč", "SEK": "kr", "NOK": "kr", "DKK": "kr",
    "RUB": "₽", "UAH": "₴", "CNY": "¥", "KRW": "₩", "VND": "₫", "ILS": "₪", "THB": "฿",
}  # fmt: skip
_ARABIC_SYMBOLS = {
    "EGP": "ج.م", "SAR": "ر.س", "AED": "د.إ", "JOD": "د.أ", "KWD": "د.ك", "QAR": "ر.ق",
    "BHD": "د.ب", "OMR": "ر.ع", "MAD": "د.م", "TND": "د.ت", "DZD": "د.ج", "IQD": "د.ع",
}  # fmt: skip
_SYMBOLS_IN = {"ar": {**_SYMBOLS, **_ARABIC_SYMBOLS}}
"""The symbols of a language that writes some currencies in letters of its own."""


def format_money(cents: int, currency: str, locale: str = "en") -> str:
    """Format an amount for customers: `$1,234.50`, `1.234,50 €`.

    `locale` is a language with an optional region (`de`, `de-CH`, `de_CH`). An unknown region falls
    back to its language; an unknown language raises InvalidInput. A currency without a known symbol
    is written as its three letters.
    """
    style = _style(locale)
    number = format_number(abs(cents), currency, locale)
    symbols = _SYMBOLS_IN.get(locale.replace("_", "-").partition("-")[0], _SYMBOLS)
    symbol = symbols.get(currency, currency)
    gap = style.gap or (_NBSP if symbol == currency else "")
    sign = "-" if cents < 0 else ""
    if style.symbol_first:
        return f"{sign}{symbol}{gap}{number}"
    if style.from_right:
        # Beside words in Latin letters the symbol would stand apart from its number.
        sign = f"{_RLM}{_LRM}-" if sign else _RLM
        symbol = f"{_RLM}{symbol}"
    return f"{sign}{number}{gap}{symbol}"


def format_number(cents: int, currency: str, locale: str = "en") -> str:
    """Format an amount without its currency, as in a table: `1,234.50`, `1.234,50`.

    Arguments and errors are those of `format_money`.
    """
    style = _style(locale)
    try:
        exponent = minor_digits(currency)
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    whole, minor = divmod(abs(cents), 10**exponent)
    number = f"{whole:,}".replace(",", style.group)
    if exponent:
        number += f"{style.decimal}{minor:0{exponent}d}"
    return f"-{number}" if cents < 0 else number


def decimal_mark(locale: str) -> str:
    """The decimal separator of a language. Raises InvalidInput as `format_money` does."""
    return _style(locale).decimal


def _style(locale: str) -> _Style:
    tag = locale.replace("_", "-")
    style = _STYLES.get(tag) or _STYLES.get(tag.partition("-")[0])
    if style is None:
        raise InvalidInput(f"money cannot be written in the language {locale!r}")
    return style
