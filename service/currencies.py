"""The currencies of ISO 4217 and their minor units, as of 2026.

Other tables hold the digits that are usual on display, which differ for HUF, IDR, COP or IQD:
amounts are stored in minor units, so one table says what these are, for reading, storing and
printing alike.
"""

_HUNDREDTHS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_TEN_THOUSANDTHS = "CLF UYW"

CURRENCIES: dict[str, int] = {
    currency: digits
    for digits, currencies in (
        (0, _NONE),
        (2, _HUNDREDTHS),
        (3, _THOUSANDTHS),
        (4, _TEN_THOUSANDTHS),
    )
    for currency in currencies.split()
}
"""The decimals of each currency that has a minor unit. Gold, drawing rights and tests have none."""


def minor_digits(currency: str) -> int:
    """The number of decimals of a currency: 2 for USD, 0 for JPY, 3 for KWD.

    Raises ValueError for what is no currency of ISO 4217 with a minor unit.
    """
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise ValueError(
            f"no currency of ISO 4217 with a minor unit is called {currency!r}"
        ) from None
