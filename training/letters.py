"""Pen-written letters: rubbish for the digit network, less the letters that look like digits.

`letters.zip` holds 5,200 crops of A-Z and a-z, 100 each (TasnimulIntazamAsif,
Handwritten_Letter_Indentification, MIT), named CAP_A_0.png and SMALL_a_0.png.
"""

import logging
import re
import zipfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.binarize import estimate_ink
from training.amounts import DEFAULT_DATA

logger = logging.getLogger(__name__)

LOOK_ALIKES = frozenset("OoQDIilJjZzSsGgqybBaPphuUHY")
"""Letters left out: with no word around it a lone O is a 0, an l is a 1, a Z is a 2, an S a 5, a
G or b a 6, a B an 8, a g, q, y, a or p is somebody's 9, an h, u, H or Y somebody's open 4."""

_NAME = re.compile(r"(?:CAP|SMALL)_([A-Za-z])_\d+\.png$")
_HEIGHT_PX = 40


@cache
def load_letters(data: Path | str = DEFAULT_DATA) -> tuple[npt.NDArray[np.uint8], ...]:
    """Load the ink of the letters that look like no digit.

    Parameters
    ----------
    data : Path or str
        Folder that holds `letters/letters.zip`.

    Returns
    -------
    tuple of ndarray of uint8, shape (h, w) each
        Ink strength cropped to the letter, 0 paper to 255 full ink, in the order of the names.
        Empty, with a warning that says how to get them, where the file is absent.
    """
    path = Path(data) / "letters" / "letters.zip"
    if not path.is_file():
        logger.warning(
            "no letters at %s, training goes on without them; they are the crops of "
            "github.com/TasnimulIntazamAsif/Handwritten_Letter_Indentification as one zip",
            path,
        )
        return ()
    inks = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if is_rubbish_letter(name):
                raw = np.frombuffer(archive.read(name), np.uint8)
                gray = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
                if gray is not None:
                    inks.append(_crop_ink(np.asarray(gray, np.uint8)))
    return tuple(ink for ink in inks if ink.size)


def split_letters(
    inks: tuple[npt.NDArray[np.uint8], ...],
) -> tuple[tuple[npt.NDArray[np.uint8], ...], tuple[npt.NDArray[np.uint8], ...]]:
    """Divide letters into those to train on and, every fifth, those that are only measured.

    Examples
    --------
    >>> dots = tuple(np.full((1, 1), shade, np.uint8) for shade in range(7))
    >>> fit, held = split_letters(dots)
    >>> len(fit), [int(ink[0, 0]) for ink in held]
    (6, [4])
    """
    held = inks[4::5]
    return tuple(ink for at, ink in enumerate(inks) if at % 5 != 4), held


def is_rubbish_letter(name: str) -> bool:
    """Tell whether a file of the archive shows a letter that looks like no digit.

    Parameters
    ----------
    name : str
        Name in the archive.

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_rubbish_letter(name) for name in ("CAP_K_7.png", "SMALL_o_7.png", "notes.txt")]
    [True, False, False]
    """
    match = _NAME.search(name)
    return match is not None and match.group(1) not in LOOK_ALIKES


def _crop_ink(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the ink of one letter at about 40 px, for which the ink settings are made."""
    scale = _HEIGHT_PX / max(gray.shape)
    if scale < 1:
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    padded = cv2.copyMakeBorder(gray, 8, 8, 8, 8, cv2.BORDER_REPLICATE)
    ink = estimate_ink(np.asarray(padded, np.uint8))[8:-8, 8:-8]
    left, top, wide, high = cv2.boundingRect((ink > 100).view(np.uint8))
    return ink[top : top + high, left : left + wide].copy()
