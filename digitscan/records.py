"""The nouns: what is handed from stage to stage. Frozen, checked when built, no work in them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
"""Gray image (H, W), uint8, 0 black to 255 white."""
Mask = npt.NDArray[np.bool_]
"""Boolean image (H, W), True on the writing."""
Floats = npt.NDArray[np.float32]
"""Float32 array; its shape and range are said where it is used."""


class Status(StrEnum):
    """How a page or a reading ended."""

    READ = "read"
    REJECTED = "rejected"
    EMPTY = "empty"
    FAILED = "failed"


class Rejection(StrEnum):
    """Why a field is not named: what was seen is withheld, or there is nothing to see."""

    LOW_CONFIDENCE = "low-confidence"
    NO_DIGITS = "no-digits"
    GRAMMAR = "grammar"
    TOO_MANY_PIECES = "too-many-pieces"
    RULE = "rule"
    MISSING = "missing"
    EMPTY = "empty"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True)
class PageRef:
    """Name of one page: the unit of work.

    Attributes
    ----------
    scan : str
        Path of the scan file, as it can be opened.
    number : int
        Page in the file, from 1.
    name : str
        The file as the results name it: relative to the given folder, `/` as separator.
    """

    scan: str
    number: int
    name: str

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"page numbers start at 1, got {self.number}")


@dataclass(frozen=True, slots=True)
class Page:
    """One image of a scan, as stored.

    Attributes
    ----------
    ref : PageRef
    image : ndarray of uint8, shape (H, W)
        Gray, 0 black to 255 white; read-only, in the orientation in which the file stores it.
    dpi : float or None
        Dots per inch, None where the file does not say.
    orientation : int
        EXIF orientation, 1 (as stored) to 8; what turns the stored image upright.
    stored_shape : tuple of int or None
        (H, W) in the file where the image was decoded at a reduced scale; `dpi` is the image's.
    """

    ref: PageRef
    image: Gray
    dpi: float | None = None
    orientation: int = 1
    stored_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or self.image.dtype != np.uint8:
            raise ValueError(
                f"a page image is uint8 (H, W), got {self.image.dtype} {self.image.shape}"
            )
        if self.image.size == 0:
            raise ValueError("a page image has at least one pixel")
        if not 1 <= self.orientation <= 8:
            raise ValueError(f"orientation is 1 to 8, got {self.orientation}")


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Rectangle in integer pixels, half open: right and bottom are the first pixels outside."""

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            sides = self.left, self.top, self.right, self.bottom
            raise ValueError(f"a box has an area, got {sides}")


@dataclass(frozen=True, slots=True)
class Region:
    """A place on the page where a number may stand; `field` names it where a form does."""

    box: Box
    field: str | None = None


@dataclass(frozen=True, slots=True)
class MicrLine:
    """Where the E-13B line of a page is.

    Attributes
    ----------
    box : Box
        Around the full-height digits that gave the line away; its ends may miss a symbol.
    baseline_px : float
        Row of the baseline at column 0.
    slope : float
        Rows per column of the baseline, positive where the line falls to the right.
    height_px : float
        Height of the digits, 0.117 inch.
    pitch_px : float
        Distance between the right edges of neighbors, 0.125 inch.
    """

    box: Box
    baseline_px: float
    slope: float
    height_px: float
    pitch_px: float


@dataclass(frozen=True, slots=True)
class Digit:
    """One named digit; `confidence` is the network's probability of `label`."""

    box: Box
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that a region may say, with the probability that the whole of it is right."""

    text: str
    confidence: float

    def __post_init__(self) -> None:
        _check_probability(self.confidence)


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of one region.

    Attributes
    ----------
    region : Region
    text : str
        The digits as text: "007" stays "007".
    value : str
        Normalized: ISO date, amount with a decimal point, else as `text`.
    confidence : float
        Calibrated probability that the whole text is right.
    alternatives : tuple of Candidate
        Next readings, best first.
    rejection : Rejection or None
        Why the reading is withheld; None when it is accepted.
    note : str
        Short stable word on how an accepted reading was decided, or empty; with the rejection
        `rule`, the name of the rule.
    digits : tuple of Digit
        Which ink is which digit, left to right; empty where only the string reader saw it.
    """

    region: Region
    text: str
    value: str
    confidence: float
    alternatives: tuple[Candidate, ...] = ()
    rejection: Rejection | None = None
    note: str = ""
    digits: tuple[Digit, ...] = ()

    def __post_init__(self) -> None:
        _check_probability(self.confidence)


@dataclass(frozen=True, slots=True)
class PageResult:
    """All that was found on one page; no pixels. `reason` and `message` say why it failed."""

    ref: PageRef
    status: Status
    readings: tuple[Reading, ...] = ()
    skew_deg: float = 0.0
    reason: str = ""
    message: str = ""


def _check_probability(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"a confidence is a probability from 0 to 1, got {value}")
