"""Logistic regression whose weights cannot be negative, on labels that may be wrong."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MOST_ROUNDS = 500
_STILL = 1e-7  # log-odds: a round that moves no weight by more ends the fit


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log-odds of being right: `bias + values @ weights`."""

    bias: float
    weights: tuple[float, ...]

    def predict(self, values: Reals) -> Reals:
        """Return probabilities (N,) for values (N, F)."""
        return _share(self.bias + values @ np.array(self.weights))


def fit_logistic(
    values: Reals, right: Bools, ridge: float = 1.0, label_noise: float = 0.0
) -> Logistic:
    """Fit the probability of being right; larger values may raise it, never lower it.

    Each value is a measure of sureness by its making, so that a negative weight would be chance:
    forbidding it spends what little data there is well. The ridge holds on values scaled to unit
    variance. Where a label says wrong though the reading is right, which happens in `label_noise`
    of the labels, the fit weighs both explanations (expectation-maximization).

    Parameters
    ----------
    values : ndarray of float64, shape (N, F)
    right : ndarray of bool, shape (N,)
        By the labels.
    ridge : float
        Penalty on half the square of each weight, in readings.
    label_noise : float
        Share of labels that are wrong, 0 to below 0.5.

    Returns
    -------
    Logistic

    Raises
    ------
    ValueError
        If there is nothing to fit, shapes differ, values are not finite or the noise is no share.

    Examples
    --------
    >>> values = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit_logistic(values, np.array([False, False, True, True])).weights[0] > 0
    True
    >>> fit_logistic(values, np.array([True, True, False, False])).weights
    (0.0,)
    """
    if values.ndim != 2 or right.shape != values.shape[:1] or not right.size:
        raise ValueError(f"one label per row of values, got {values.shape} and {right.shape}")
    if not np.isfinite(values).all() or not 0 <= label_noise < 0.5 or ridge < 0:
        raise ValueError(
            "wanted finite values, a ridge of at least 0 and 0 <= label_noise < 0.5, "
            f"got ridge {ridge}, noise {label_noise}"
        )
    mean, spread = values.mean(axis=0), values.std(axis=0)
    # A value that never changes says nothing; so does one that only rounding moves.
    idle = spread < 1e-9
    scaled = np.where(idle, 0.0, (values - mean) / np.where(idle, 1.0, spread))
    design = np.column_stack([np.ones(len(scaled)), scaled])
    penalty = np.append(0.0, np.full(scaled.shape[1], ridge))
    weights = _climb(design, right, penalty, label_noise)
    own = np.where(idle, 0.0, weights[1:] / np.where(idle, 1.0, spread))
    return Logistic(float(weights[0] - mean @ own), tuple(float(weight) for weight in own))


def _climb(design: Reals, right: Bools, penalty: Reals, label_noise: float) -> Reals:
    """Raise the likelihood until no weight moves: leaps by Fisher scoring, then one small step
    for each weight, which cannot fail and settles the weights that are held at zero."""
    weights = np.zeros(design.shape[1])
    for _ in range(_MOST_ROUNDS):
        leapt = _leap(design, right, penalty, label_noise, weights)
        stepped = _step_each(design, right, penalty, label_noise, leapt)
        moved = float(np.abs(stepped - weights).max())
        weights = stepped
        if moved < _STILL:
            break
    return weights


def _leap(design: Reals, right: Bools, penalty: Reals, label_noise: float, weights: Reals) -> Reals:
    """Take one step of Fisher scoring, halved until it helps; stay where none does."""
    share = _share(design @ weights)
    slope = design.T @ (_believe(right, share, label_noise) - share) - penalty * weights
    doubt = 1.0 - (1.0 - label_noise) * share
    information = (1.0 - label_noise) * share * (1.0 - share) ** 2 / doubt
    free = (weights > 0.0) | (slope > 0.0)
    free[0] = True
    part = design[:, free]
    curvature = (part.T * information) @ part + np.diag(penalty[free] + 1e-9)
    direction = np.zeros(len(weights))
    direction[free] = np.linalg.solve(curvature, slope[free])
    now = _score(design, right, penalty, label_noise, weights)
    for halving in range(12):
        leapt = weights + direction * 0.5**halving
        leapt[1:] = np.maximum(0.0, leapt[1:])
        if _score(design, right, penalty, label_noise, leapt) > now:
            return leapt
    return weights


def _step_each(
    design: Reals, right: Bools, penalty: Reals, label_noise: float, weights: Reals
) -> Reals:
    """Move one weight after the other, by a bound of the curvature that no step overshoots.

    A quarter of the sum of squares bounds it for the logistic likelihood (Boehning, Lindsay 1988).
    """
    bound = 0.25 * (design**2).sum(axis=0) + penalty
    stepped = weights.copy()
    for column in np.flatnonzero(bound > 0.0):
        share = _share(design @ stepped)
        surprise = _believe(right, share, label_noise) - share
        slope = design[:, column] @ surprise - penalty[column] * stepped[column]
        stepped[column] += slope / bound[column]
        if column > 0:
            stepped[column] = max(0.0, stepped[column])
    return stepped


def _score(
    design: Reals, right: Bools, penalty: Reals, label_noise: float, weights: Reals
) -> float:
    """Return the log likelihood of the labels, less the penalty."""
    stated = (1.0 - label_noise) * _share(design @ weights)
    likely = np.where(right, np.log(stated), np.log1p(-np.minimum(stated, 1.0 - 1e-15)))
    return float(likely.sum() - 0.5 * penalty @ weights**2)


def _share(odds: Reals) -> Reals:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))))


def _believe(right: Bools, share: Reals, label_noise: float) -> Reals:
    """Return the probability that each reading is right, given its label and the fit so far."""
    slandered = label_noise * share / (1.0 - share + label_noise * share)
    return np.where(right, 1.0, slandered)
