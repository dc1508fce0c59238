"""Signs and codes of currencies beside amounts, and whether they are those of one currency."""

import re
import unicodedata

from service.currencies import CURRENCIES

_SIGNS = {
    "$": "USD CAD AUD NZD MXN SGD HKD TWD ARS CLP COP UYU JMD TTD BBD BSD BZD FJD BMD",
    "us$": "USD", "ca$": "CAD", "c$": "CAD", "can$": "CAD", "a$": "AUD", "au$": "AUD",
    "nz$": "NZD", "mx$": "MXN", "s$": "SGD", "sg$": "SGD", "hk$": "HKD", "nt$": "TWD",
    "r$": "BRL", "€": "EUR", "£": "GBP EGP GIP FKP SHP LBP SYP", "¥": "JPY CNY",
    "元": "CNY TWD HKD", "円": "JPY", "圓": "TWD HKD", "rmb": "CNY",
    "₩": "KRW", "원": "KRW", "₹": "INR",
    "rs": "INR PKR LKR NPR MUR SCR", "₽": "RUB", "руб": "RUB", "₴": "UAH", "грн": "UAH",
    "₺": "TRY", "tl": "TRY", "₪": "ILS", "₫": "VND", "đ": "VND", "฿": "THB", "₱": "PHP",
    "₦": "NGN", "₵": "GHS", "₡": "CRC", "₸": "KZT", "₾": "GEL", "₲": "PYG", "₼": "AZN",
    "kr": "SEK NOK DKK ISK", "fr": "CHF XOF XAF", "sfr": "CHF", "fcfa": "XOF XAF",
    "cfa": "XOF XAF", "zł": "PLN", "zl": "PLN", "kč": "CZK", "kc": "CZK", "ft": "HUF",
    "lei": "RON MDL", "лв": "BGN", "rp": "IDR", "rm": "MYR", "r": "ZAR", "dh": "AED MAD",
    "dhs": "AED MAD", "euro": "EUR", "euros": "EUR", "dollar": "USD CAD AUD NZD SGD HKD",
    "dollars": "USD CAD AUD NZD SGD HKD", "pounds": "GBP", "yen": "JPY", "yuan": "CNY",
    "ج.م": "EGP", "ر.س": "SAR", "د.إ": "AED", "د.أ": "JOD", "د.ك": "KWD", "ر.ق": "QAR",
    "د.ب": "BHD", "ر.ع": "OMR", "د.م": "MAD", "د.ت": "TND", "د.ج": "DZD", "د.ع": "IQD",
}  # fmt: skip
_OF = {sign: frozenset(codes.split()) for sign, codes in _SIGNS.items()} | {
    code.lower(): frozenset((code,)) for code in CURRENCIES
}
_HUNDREDTHS = ("¢", "cents", "cent", "cts", "ct", "pence", "p", "c")


def _either(signs: list[str]) -> str:
    """Letters of a sign stand alone, symbols need not."""
    longest_first = sorted(signs, key=lambda sign: (-len(sign), sign))
    return "|".join(
        (r"(?<![^\W\d_])" if sign[0].isalpha() else "")
        + re.escape(sign)
        + (r"\.?(?![^\W\d_])" if sign[-1].isalpha() else "")
        for sign in longest_first
    )


_SIGN = re.compile(f"(?i){_either([*_OF])}")
_HUNDREDTH = re.compile(f"(?i)(?<=\\d)\\s*(?:{_either([*_HUNDREDTHS])})$")
_PLAIN = re.compile(r"[-+0-9.,%\s]*")


def without_signs(text: str) -> str:
    """The text without signs and codes of currencies."""
    return text if _PLAIN.fullmatch(text) else _SIGN.sub("", text)


def signs_in(text: str) -> list[str]:
    """The signs and codes of currencies in a text."""
    if _PLAIN.fullmatch(text):
        return []
    return [found[0].rstrip(".") for found in _SIGN.finditer(_normal(text))]


def is_hundredths(text: str) -> bool:
    """Whether an amount is in cents or pence: 50¢, 50p."""
    return not _PLAIN.fullmatch(text) and _HUNDREDTH.search(_normal(text).strip()) is not None


def foreign_sign(text: str, currency: str) -> str:
    """The first sign or code in a text that is not of this currency; empty if there is none."""
    for sign in signs_in(text):
        if currency not in _OF[sign.casefold()]:
            return sign
    return ""


def sign_of_format(code: str) -> str:
    """The currency that a number format of a spreadsheet shows, as `€`; empty for any other."""
    shown = re.sub(r"\[(?!\$)[^\]]*\]", "", code.partition(";")[0])
    located = re.search(r"\[\$([^\]-]+)(?:-[^\]]*)?\]", shown)
    if located:
        shown = located[1]
    found = signs_in(re.sub(r'["\\_*]', " ", re.sub(r"[#0?.,]", " ", shown)))
    return found[0] if found else ""


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
