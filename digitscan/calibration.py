"""A threshold of confidence that keeps a promise: at most so many wrong among the accepted."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from digitscan.bounds import LEVEL, at_most_probability, bound_above, least_trials
from digitscan.errors import TruthError
from digitscan.truth import Scored

_SHOWN = 5  # wrong readings that a refusal names: enough to look them up, one line long


@dataclass(frozen=True, slots=True)
class Threshold:
    """A proven threshold.

    Attributes
    ----------
    min_confidence : float
        Readings at or above it are accepted.
    accepted, wrong, total : int
        Labeled readings at or above it; the wrong ones of them; all labeled readings.
    bound : float
        The share of wrong readings among the accepted is no greater, with probability `level`.
    level : float
    """

    min_confidence: float
    accepted: int
    wrong: int
    total: int
    bound: float
    level: float


def choose_threshold(
    scored: tuple[Scored, ...], target_error: float, level: float = LEVEL
) -> Threshold:
    """Choose the lowest threshold whose accepted readings are proven to be right often enough.

    A threshold that is searched for on the same data must not be taken for one that was given
    beforehand: the best of many is partly luck. So thresholds are tested one after the other from
    the surest readings down, each by the exact binomial bound, and the walk ends at the first that
    fails (fixed sequence testing: no further correction is needed, see Angelopoulos et al., "Learn
    then test", 2021). One error among the surest would end the walk at once, so that with more
    data there are more walks, which start at more readings and share the allowance among them.

    Of 200 simulated data sets of 600 readings this proved 139 thresholds, 4 of them false; taking
    the lowest threshold that passes proved 143, 12 of them false: more than one in twenty.

    Parameters
    ----------
    scored : tuple of Scored
        Labeled readings that had no part in training.
    target_error : float
        Largest share of wrong readings among the accepted, above 0 and below 1.
    level : float
        Probability with which the promise holds.

    Returns
    -------
    Threshold

    Raises
    ------
    TruthError
        If the data prove no threshold; the message says how many more readings are needed.
    ValueError
        If target or level are no shares.
    """
    steps = _list_steps(scored)
    total = steps[-1].accepted if steps else 0
    starts = _choose_starts(total, target_error, level)
    share = 1 - (1 - level) / max(1, len(starts))
    best: _Step | None = None
    for start in starts:
        for step in steps:
            if step.accepted < start:
                continue
            if at_most_probability(step.wrong, step.accepted, target_error) > 1 - share:
                break  # the exact upper bound at this level is above the target
            if best is None or step.accepted > best.accepted:
                best = step
    if best is None:
        raise TruthError(_explain_refusal(scored, steps, target_error, level, share))
    bound = bound_above(best.wrong, best.accepted, share)
    return Threshold(best.confidence, best.accepted, best.wrong, len(scored), bound, level)


@dataclass(frozen=True, slots=True)
class _Step:
    """The readings down to one confidence."""

    confidence: float
    accepted: int
    wrong: int


def _list_steps(scored: tuple[Scored, ...]) -> list[_Step]:
    """Count the readings down to every confidence that occurs, the surest first."""
    ranked = _rank(scored)
    steps: list[_Step] = []
    wrong = 0
    for place, (now, after) in enumerate(pairwise([*ranked, None]), 1):
        assert now is not None and now.row is not None
        wrong += not now.right
        if after is None or after.row is None or after.row.confidence != now.row.confidence:
            steps.append(_Step(now.row.confidence, place, wrong))
    return steps


def _rank(scored: tuple[Scored, ...]) -> list[Scored]:
    """List the readings that some threshold accepts, the surest first."""
    usable = [item for item in scored if item.row is not None and item.row.acceptable]
    return sorted(usable, key=lambda item: -item.row.confidence if item.row else 0.0)


def _choose_starts(total: int, target_error: float, level: float) -> list[int]:
    """Choose where walks start, from the number of readings alone: doubling, as long as it fits."""
    starts: list[int] = []
    for count in range(1, 32):
        first = least_trials(0, target_error, 1 - (1 - level) / count)
        if first * 2 ** (count - 1) > total:
            break
        starts = [first * 2**power for power in range(count)]
    return starts


def _explain_refusal(
    scored: tuple[Scored, ...],
    steps: list[_Step],
    target_error: float,
    level: float,
    share: float,
) -> str:
    """Say what is lacking, and about how much more labeling would mend it.

    `share` is the level of a single walk, at which each of its steps is tested.
    """
    total = steps[-1].accepted if steps else 0
    least = least_trials(0, target_error, share)
    promise = f"at most {100 * target_error:.3g} % wrong with {100 * level:.4g} % probability"
    if total < least:
        return (
            f"{total} labeled readings are too few for {promise}: it takes {least} accepted "
            f"readings without an error; label {least - total} more, or ask for a larger error"
        )
    # The step that the fewest further labels would prove, were all of them right.
    large = [step for step in steps if step.accepted >= least]
    counts = {step.wrong for step in large}
    needed = {wrong: least_trials(wrong, target_error, share) for wrong in counts}
    near = min(large, key=lambda step: (needed[step.wrong] - step.accepted) / step.accepted)
    lacking = max(1, needed[near.wrong] - near.accepted)
    return (
        f"{total} labeled readings prove no threshold for {promise}: with {near.wrong} wrong of "
        f"the {near.accepted} surest it takes {max(needed[near.wrong], near.accepted + 1)} that "
        f"sure; label about {ceil(lacking * total / near.accepted)} more"
        f"{_name_wrong(_rank(scored)[: near.accepted])}, or ask for a larger error"
    )


def _name_wrong(surest: list[Scored]) -> str:
    wrong = [item for item in surest if not item.right]
    if not wrong:
        return ""
    names = ", ".join(f"{item.file} ({item.true})" for item in wrong[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return f", look whether the truth is right for {names}{more}"
