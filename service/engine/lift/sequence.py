"""Intervals that may be looked at any day: a confidence sequence instead of one look."""

from math import e, log, sqrt

from service.engine.lift.effect import CONFIDENCE, Effect, Interval


def anytime_interval(found: Effect, *, planned: float, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a difference that holds at all looks together, not only at the last.

    The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021),
    from the information of both arms; `planned` is how many households of both arms there will be
    in the end, where it is narrowest. It is wider than `Effect.interval`, always.
    """
    seen = found.households + found.controls
    variance = found.error**2 * seen
    alpha = 1 - confidence
    rho = sqrt((-2 * log(alpha) + log(-2 * log(alpha) * e)) / max(planned, 1.0))
    mixed = seen * rho**2
    reach = sqrt(variance * 2 * (mixed + 1) / (seen * mixed) * log(sqrt(mixed + 1) / alpha))
    return Interval(found.difference - reach, found.difference + reach)
