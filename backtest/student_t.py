"""The tail of Student's t distribution, in logarithms: p-values far below the smallest float keep their order."""

import math

__all__ = ["log_tail"]


def log_tail(t: float, degrees: float) -> float:
    """Return the logarithm of the probability that a Student t variable exceeds a value.

    Parameters
    ----------
    t : float
        The value, at least 0.
    degrees : float
        Degrees of freedom, above 0.

    Returns
    -------
    float
        ``ln P(X > t)``, from ln 0.5 downwards; half of the regularised incomplete beta function at
        ``degrees / (degrees + t^2)`` with parameters degrees/2 and 1/2.

    References
    ----------
    Abramowitz, M. and Stegun, I. A. (1964). "Handbook of Mathematical Functions", 26.7.1 and 26.5.8.
    """
    a, b = degrees / 2.0, 0.5
    ratio = t * t / degrees
    x, y = 1.0 / (1.0 + ratio), ratio / (1.0 + ratio)
    if y == 0.0:
        return math.log(0.5)
    log_front = -a * math.log1p(ratio) + b * math.log(y) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.log(0.5) + log_front + math.log(_beta_fraction(a, b, x) / a)
    return math.log(0.5) + math.log1p(-math.exp(log_front) * _beta_fraction(b, a, y) / b)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (26.5.8), by Lentz's method."""
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / (1.0 + term * d)
            c = 1.0 + term / c
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value
