"""Exact bounds on a share that was counted: what so many errors in so many trials prove."""

from math import exp, lgamma, log, log1p

LEVEL = 0.95
"""Probability with which a bound holds, where nobody asks for another."""

_STEPS = 200  # halvings of a unit interval end at the resolution of a float after about 60
_TERMS = 10_000  # the continued fraction takes some sqrt(max(a, b)) terms; this is for 10 ** 8
_TINY = 1e-300


def clopper_pearson(count: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Bound a share on both sides so that it lies between them with at least `level`.

    Exact, not approximate: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits
    illustrated in the case of the binomial", Biometrika 26 (1934).

    Parameters
    ----------
    count, trials : int
        0 <= count <= trials, trials at least 1.
    level : float
        Above 0, below 1.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If the counts or the level make no sense.

    Examples
    --------
    >>> low, high = clopper_pearson(4, 20)
    >>> f"{low:.4f} {high:.4f}"
    '0.0573 0.4366'
    """
    one_sided = (1 + level) / 2
    misses = bound_above(trials - count, trials, one_sided)
    return 1 - misses, bound_above(count, trials, one_sided)


def bound_above(count: int, trials: int, level: float = LEVEL) -> float:
    """Bound a share from above: it is no greater with at least `level` (Clopper-Pearson).

    Parameters
    ----------
    count, trials : int
        0 <= count <= trials, trials at least 1.
    level : float
        Above 0, below 1.

    Raises
    ------
    ValueError
        If the counts or the level make no sense.

    Examples
    --------
    >>> round(bound_above(0, 299), 5), round(bound_above(0, 298), 5)
    (0.00997, 0.01)
    """
    if trials < 1 or not 0 <= count <= trials or not 0 < level < 1:
        raise ValueError(
            "wanted 0 <= count <= trials, trials > 0 and 0 < level < 1, "
            f"got {count} of {trials} at {level}"
        )
    if count == trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most_probability(count, trials, middle) > 1 - level:
            low = middle
        else:
            high = middle
        if high - low <= 1e-15:
            break
    return high


def least_trials(count: int, share: float, level: float = LEVEL) -> int:
    """Return the fewest trials in which `count` events prove that the share is at most `share`.

    Raises
    ------
    ValueError
        If the count is negative, or share or level are not above 0 and below 1.

    Examples
    --------
    >>> least_trials(0, 0.01), least_trials(1, 0.01)
    (299, 473)
    """
    if count < 0 or not 0 < share < 1 or not 0 < level < 1:
        raise ValueError(
            f"wanted count >= 0, 0 < share < 1 and 0 < level < 1, got {count}, {share} and {level}"
        )
    enough = count + 1
    while at_most_probability(count, enough, share) > 1 - level:
        enough *= 2
    few = max(count, enough // 2)
    while enough - few > 1:
        middle = (few + enough) // 2
        if at_most_probability(count, middle, share) > 1 - level:
            few = middle
        else:
            enough = middle
    return enough


def at_most_probability(count: int, trials: int, share: float) -> float:
    """Return the probability of at most `count` events in `trials` of probability `share` each.

    Examples
    --------
    >>> round(at_most_probability(1, 2, 0.5), 12)
    0.75
    """
    if count >= trials:
        return 1.0
    return _share_beta(1 - share, trials - count, count + 1)


def _share_beta(x: float, a: float, b: float) -> float:
    """Regularized incomplete beta function I_x(a, b), a and b positive."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    # The fraction converges fast on the near side of the mean only.
    if x < (a + 1) / (a + b + 2):
        return exp(front) * _expand_fraction(x, a, b) / a
    return 1.0 - exp(front) * _expand_fraction(1.0 - x, b, a) / b


def _expand_fraction(x: float, a: float, b: float) -> float:
    """Sum the continued fraction of I_x(a, b), DLMF 8.17.22, by the modified Lentz method."""
    c, d = 1.0, 1.0 / (_keep_off_zero(1.0 - (a + b) * x / (a + 1.0)))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _keep_off_zero(1.0 + term * d)
            c = _keep_off_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _keep_off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
