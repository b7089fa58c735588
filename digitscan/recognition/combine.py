"""Two readers, one answer: the lattice's and the string reader's candidates weighed together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.settings import ReadersSettings

FLOOR = -14.0
"""A reader that gives a text less than e^-14 of its probability has no say beyond that: its model
of the world is not that good, and the other reader may be right."""
FIRM = -6.0
BEYOND = 0.2
"""Of what the lattice says against a text beyond e^-6 this part counts: its groups and cuts err
together, not one by one. Of 468 readings of cheque amounts (39, each as it is and distorted in
eleven ways) 375 were right with these; 368 with a hard floor at -10, where all texts that the
lattice hardly finds are alike."""

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the readers say of the candidate texts of one region, best first.

    Attributes
    ----------
    texts : tuple of str
    posterior, lattice, strings : ndarray of float64, shape (N,) or None
        Log-probabilities of the texts: both readers together, and each alone, the strings with
        what was known before; None for a reader that is off.
    agree : bool
        Both readers put the first text first.
    """

    texts: tuple[str, ...]
    posterior: Reals
    lattice: Reals | None
    strings: Reals | None
    agree: bool


def combine_readers(
    texts: tuple[str, ...],
    lattice_scores: Reals | None,
    string_scores: Reals | None,
    temperature: float,
    settings: ReadersSettings = ReadersSettings(),
    prior: Reals | None = None,
) -> Verdicts:
    """Weigh candidate texts by both readers: a product of experts with weights and bounds.

    Parameters
    ----------
    texts : tuple of str
        The candidates of both readers, each once; not empty.
    lattice_scores : ndarray of float64, shape (N,), or None
        Score of the lattice's best path for each text, minus infinity where it has none.
    string_scores : ndarray of float64, shape (N,), or None
        Log likelihood of each text by the string reader.
    temperature : float
        Of the lattice's scores.
    settings : ReadersSettings
    prior : ndarray of float64, shape (N,), optional
        Log weights of the texts, 0 or less, that hold whoever reads them.

    Returns
    -------
    Verdicts

    Raises
    ------
    ValueError
        When both readers are off.

    Examples
    --------
    >>> both = combine_readers(
    ...     ("17", "77"), np.log([0.6, 0.4]), np.log([0.1, 0.9]), 1.0
    ... )
    >>> both.texts, both.agree
    (('77', '17'), False)
    """
    if lattice_scores is None and string_scores is None:
        raise ValueError("one of the two readers must be on")
    # A reader that is alone is taken at its word: weights say whom to believe of two.
    both = lattice_scores is not None and string_scores is not None
    total = np.zeros(len(texts))
    known = np.zeros(len(texts)) if prior is None else prior
    lattice = strings = None
    first = []
    if lattice_scores is not None:
        lattice = _normalize(lattice_scores / temperature)
        total += (settings.lattice_weight if both else 1.0) * (_bound(lattice) + known)
        first.append(int(np.argmax(lattice)))
    if string_scores is not None:
        # These are probabilities among all texts there are: the candidates' share stays below 1.
        own = np.minimum(string_scores, 0.0)
        strings = own + known
        total += (settings.strings_weight if both else 1.0) * (np.maximum(own, FLOOR) + known)
        first.append(int(np.argmax(strings)))
    posterior = _normalize(total)
    order = np.argsort(-posterior, kind="stable")
    return Verdicts(
        texts=tuple(texts[k] for k in order),
        posterior=posterior[order],
        lattice=None if lattice is None else lattice[order],
        strings=None if strings is None else strings[order],
        agree=len(first) == 2 and first[0] == first[1] == int(order[0]),
    )


def _bound(odds: Reals) -> Reals:
    """Let a part of what lies below `FIRM` count, down to `FLOOR`."""
    return np.where(odds > FIRM, odds, np.maximum(FIRM + BEYOND * (odds - FIRM), FLOOR))


def _normalize(scores: Reals) -> Reals:
    """Return log scores as log-probabilities that sum to 1; all minus infinity become equal."""
    highest = float(scores.max())
    if highest == -np.inf:
        return np.full(len(scores), -np.log(len(scores)))
    raised = scores - highest
    return np.asarray(raised - np.log(np.exp(raised).sum()))
