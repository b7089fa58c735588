"""Printed digits and letters, from the fonts that Debian packages install.

No font is part of this project: what is installed is used, and what is not is named in a message.
The packages and their licenses are listed in the README. Dot matrix and stamps are made of the
same glyphs: a coarse rendering whose pixels become dots, and an outline pressed unevenly.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.augment import Ink
from training.letters import LOOK_ALIKES
from training.rubbish import crop
from training.sources import RUBBISH, Source, StoredInk

logger = logging.getLogger(__name__)

FONT_ROOT = Path("/usr/share/fonts")
PACKAGES = {
    "fonts-dejavu": ("dejavu/DejaVu*.ttf",),
    "fonts-liberation": ("liberation*/Liberation*.ttf",),
    "fonts-freefont-ttf": ("freefont/Free*.ttf",),
    "fonts-ocr-a": ("ocr-a/OCRA*.ttf",),
    "fonts-ocr-b": ("ocr-b/OCRB*.otf",),
    "fonts-gnutypewriter": ("gnutypewriter/*.ttf",),
    "fonts-courier-prime": ("courier-prime/*.otf",),
    "fonts-dotgothic16": ("dotgothic16/*.ttf",),
    "fonts-dseg": ("dseg/DSEG7Classic*-Regular.ttf", "dseg/DSEG7Classic*-Bold.ttf"),
    "fonts-inconsolata": ("inconsolata/*.otf", "inconsolata/*.ttf"),
    "fonts-breip": ("breip/*.ttf",),
    "fonts-bwht": ("bwht/*.otf",),
    "fonts-comic-neue": ("comic-neue/*.otf",),
    "fonts-dancingscript": ("dancingscript/*.otf",),
    "fonts-dkg-handwriting": ("fifthhorseman/*.ttf",),
    "fonts-ecolier-court": ("ecolier-court/*.ttf",),
    "fonts-femkeklaver": ("femkeklaver/*.ttf",),
    "fonts-humor-sans": ("humor-sans/*.ttf",),
    "fonts-klee": ("klee/*.ttf",),
    "fonts-rufscript": ("rufscript/*.ttf",),
}
"""Debian package and where its fonts lie below `FONT_ROOT`/*/."""

DIGITS = "0123456789"
LETTERS = "".join(
    sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - LOOK_ALIKES - set("D"))
)
SIGNS = ",.-=*#$%&()+:;?@€£₹§"
"""Rubbish from fonts. A slash and an exclamation mark are left out: they look like a 1."""

_SIZE_PX = 48
_DOTS_PX = (7, 9, 12)
_DOT_PITCH_PX = 5


def find_fonts(root: Path = FONT_ROOT) -> tuple[Path, ...]:
    """Find the fonts of the listed packages; say which packages are not installed.

    Parameters
    ----------
    root : Path
        Folder of the system's fonts.

    Returns
    -------
    tuple of Path
        Sorted within each package.
    """
    found: list[Path] = []
    missing = []
    for package, patterns in PACKAGES.items():
        paths = sorted(path for pattern in patterns for path in root.glob(f"*/{pattern}"))
        found.extend(paths)
        if not paths:
            missing.append(package)
    if missing:
        logger.warning("fonts not installed, left out: apt-get install %s", " ".join(missing))
    return tuple(found)


def load_glyphs(root: Path = FONT_ROOT) -> dict[str, Source]:
    """Render what the installed fonts have, as sources of digits and of rubbish.

    Parameters
    ----------
    root : Path

    Returns
    -------
    dict of str to Source
        `printed`, `dots` and `stamped` digits and `printed-rubbish`; empty without fonts.
    """
    fonts = find_fonts(root)
    if not fonts:
        return {}
    rendered = [(path, render_glyphs(path, DIGITS)) for path in fonts]
    plain = [(ink, int(digit)) for _, glyphs in rendered for digit, ink in glyphs.items()]
    rubbish = [ink for path in fonts for ink in render_glyphs(path, LETTERS + SIGNS).values()]
    dots = [
        (print_dots(ink, rows), label)
        for ink, label in plain
        for rows in _DOTS_PX
        if ink.shape[0] > rows
    ]
    stamped = [(stamp(ink), label) for ink, label in plain]
    sources: dict[str, Source] = {
        "printed": _store(plain),
        "dots": _store(dots),
        "stamped": _store(stamped),
        "printed-rubbish": StoredInk(rubbish, np.full(len(rubbish), RUBBISH, np.uint8)),
    }
    return sources


def render_glyphs(path: Path, characters: str, size_px: int = _SIZE_PX) -> dict[str, Ink]:
    """Render characters of a font, each cropped to its ink.

    Parameters
    ----------
    path : Path
    characters : str
    size_px : int
        Size of the type.

    Returns
    -------
    dict of str to ndarray of uint8, shape (h, w)
        Without the characters that the font lacks, which it would draw as one and the same box.
    """
    font = ImageFont.truetype(str(path), size_px)
    absent = _render("\uffff", font).tobytes()
    glyphs = {}
    for character in characters:
        canvas = _render(character, font)
        if canvas.any() and canvas.tobytes() != absent:
            glyphs[character] = crop(canvas)
    return glyphs


def print_dots(ink: Ink, rows: int) -> Ink:
    """Print a glyph as a needle printer does: `rows` dots high, round dots on a square pitch.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
    rows : int

    Returns
    -------
    ndarray of uint8, shape (5 * rows + 4, 5 * columns + 4)

    Examples
    --------
    >>> print_dots(np.full((14, 2), 255, np.uint8), 7).shape
    (39, 9)
    """
    columns = max(1, round(ink.shape[1] * rows / ink.shape[0]))
    coarse = cv2.resize(ink, (columns, rows), interpolation=cv2.INTER_AREA)
    pitch = _DOT_PITCH_PX
    paper = np.zeros((pitch * rows + 4, pitch * columns + 4), np.uint8)
    for row, column in np.argwhere(coarse > 100):
        center = (int(column) * pitch + 4, int(row) * pitch + 4)
        cv2.circle(paper, center, 2, 255, -1, cv2.LINE_AA)
    return paper


def stamp(ink: Ink) -> Ink:
    """Press a glyph as a worn rubber stamp does: more ink at the rim, less within and at one side.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)

    Returns
    -------
    ndarray of uint8, shape (h, w)
    """
    core = cv2.erode(ink, np.ones((3, 3), np.uint8))
    pressed = ink.astype(np.float32) - 0.4 * core
    slope = np.linspace(1.0, 0.55, ink.shape[1], dtype=np.float32)
    return np.clip(pressed * slope, 0, 255).astype(np.uint8)


def _render(character: str, font: ImageFont.FreeTypeFont) -> Ink:
    side = 3 * _SIZE_PX
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).text((_SIZE_PX, _SIZE_PX), character, font=font, fill=255)
    return np.asarray(image, np.uint8)


def _store(examples: Sequence[tuple[Ink, int]]) -> StoredInk:
    return StoredInk(
        [ink for ink, _ in examples], np.array([label for _, label in examples], np.uint8)
    )
