"""How much of a training is over, by the clock, and how fast it learns there."""

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of a training, in seconds of `time.monotonic`."""

    begin: float
    end: float

    def share(self) -> float:
        """Return the share of the time that is over, 0 to 1."""
        return min(1.0, (time.monotonic() - self.begin) / max(1e-9, self.end - self.begin))


def plan_share(done: float, warm_up: float, least: float) -> float:
    """Return the share of the greatest learning rate: up, then half a cosine down.

    Parameters
    ----------
    done : float
        Share of the training that is over, 0 to 1.
    warm_up : float
        Share of the training until the rate is greatest.
    least : float
        Share of the rate at the very begin and at the end.

    Examples
    --------
    >>> [round(plan_share(done, 0.1, 0.01), 3) for done in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.01, 0.5, 1.0, 0.505, 0.01]
    """
    if done < warm_up:
        return max(least, done / warm_up)
    way = (done - warm_up) / (1.0 - warm_up)
    return least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * way))
