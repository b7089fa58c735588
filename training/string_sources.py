"""Ink to write strings with: real digits, MNIST, drawn strokes, fonts, letters, and papers.

A patch is uint8 (h, w), 0 paper to 255 full ink, cut to its ink.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from digitscan.errors import NoPagesError
from digitscan.imaging.line_ink import measure_ink
from digitscan.records import Gray
from training.amounts import Amount
from training.mnist import load_mnist
from training.strokes import draw_digit
from training.texts import LOOK_ALIKES, make_devanagari, make_text

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Patches = Mapping[str, Sequence[Gray]]
"""Patches by the digit they show."""

FONT_ROOT = Path("/usr/share/fonts")
"""Where Debian's font packages install; fonts that are not there are left out."""
PRINT_FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansCondensed.ttf",
    "NimbusSans-Regular.otf", "NimbusSans-Bold.otf", "NimbusSansNarrow-Bold.otf",
    "NimbusRoman-Regular.otf", "NimbusRoman-Bold.otf", "NimbusMonoPS-Regular.otf",
    "NimbusMonoPS-Bold.otf", "C059-Roman.otf", "P052-Roman.otf", "URWGothic-Book.otf",
    "URWBookman-Light.otf", "NotoSansMono-Regular.ttf", "OCRA.ttf", "OCRABold.ttf", "OCRB.otf",
    "OCRBL.otf", "GNUTypewriter.ttf", "DotGothic16-Regular.ttf", "DSEG7Classic-Regular.ttf",
)  # fmt: skip
HAND_FONTS = (
    "Humor-Sans.ttf", "Breip.ttf", "DancingScript-Regular.otf", "femkeklaver.ttf", "dkg.ttf",
    "Rufscript010.ttf", "Kristi.ttf", "KaushanScript-Regular.otf", "KleeOne-Regular.ttf",
    "BecauseWeBuild-Regular.otf", "BecauseWeConnect-Regular.otf", "BecauseWeCreate-Regular.otf",
    "BecauseWeLearn-Regular.otf", "BecauseWeMentor-Regular.otf", "BecauseWeOrganize-Regular.otf",
)  # fmt: skip
WORDS = (
    "Rs.", "Rs", "Pay", "Rupees", "A/c No.", "A/C NO.", "A/c. No.", "A/C NO.", "NO.",
    "or Bearer", "DATE", "Date", "lakh only",
    "thousand", "hundred", "only", "Bank", "Amount", "AMOUNT", "Total", "TOTAL", "No.", "Nr.",
    "EUR", "USD", "CLP", "Payable", "sign above", "Dollars", "pesos", "Order", "the sum of",
)  # fmt: skip
MARKS = (
    "\u20b9", "\u20b9", "\u20b9", "\u20b9", "\u20b9", "\u20b9", "$", "$", "\u20ac", "\u00a3",
    "Rs.", "Rs", "US$", "S/.", "*", "#",
)  # fmt: skip
DEVANAGARI = (
    "\u0915\u0930\u0947\u0902", "\u0905\u0926\u093e", "\u0930\u0941\u092a\u092f\u0947",
    "\u092f\u093e \u0927\u093e\u0930\u0915", "\u0926\u093f\u0928\u093e\u0902\u0915",
)  # fmt: skip
RUPEE_FONTS = ("DejaVu", "NotoSansMono", "Pillow")
"""How the names begin of fonts that the currency signs are drawn with; the first two have all."""
DEVANAGARI_FONT = "Lohit-Devanagari.ttf"
TEXTS = 120
"""Made-up texts that are drawn with each font."""
STROKES = 300
"""Patches of each digit that are drawn by program."""
GLYPH_PX = 40
"""Size at which fonts are drawn."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that strings are made of.

    Attributes
    ----------
    hands : mapping of str to Patches
        Handwritten digits by kind: "real", "mnist" and "strokes"; from the finest pen to the
        broadest.
    prints : sequence of Patches
        One alphabet a font: the digits and the letters of dates.
    words, marks : sequence of ndarray of uint8
        Printed words, printed currency signs.
    letters, look_alikes : sequence of ndarray of uint8
        Handwritten letters: those that nobody takes for a digit, and the others.
    papers : sequence of ndarray of uint8
        Gray crops with their writing painted over.
    amounts : sequence of Amount
        The real crops whole.
    """

    hands: Mapping[str, Patches]
    prints: Sequence[Patches]
    words: Sequence[Gray]
    marks: Sequence[Gray]
    letters: Sequence[Gray]
    look_alikes: Sequence[Gray]
    papers: Sequence[Gray]
    amounts: Sequence[Amount]


def load_sources(data: Path, amounts: Sequence[Amount], rng: np.random.Generator) -> Sources:
    """Load and cut everything, once.

    Parameters
    ----------
    data : Path
        Folder with `mnist` and `letters`.
    amounts : sequence of Amount
        Real crops to train on; their digits and papers are cut out.
    rng : numpy.random.Generator
        For the digits and texts that are drawn by program.

    Raises
    ------
    NoPagesError
        If a data set is missing; the message says which.
    """
    digits = load_mnist(data)
    mnist: dict[str, list[Gray]] = {str(digit): [] for digit in range(10)}
    for image, label in zip(digits.train_tiles, digits.train_labels, strict=True):
        mnist[str(label)].append(cut_to_ink(image))
    strokes = {str(digit): [draw_digit(digit, rng) for _ in range(STROKES)] for digit in range(10)}
    hands: dict[str, Patches] = {
        "real": sort_by_pen(even_slant(cut_digits(amounts))),
        "mnist": sort_by_pen(even_slant(mnist)),
        "strokes": sort_by_pen(strokes),
    }
    prints, words, marks = draw_fonts(rng)
    letters, look_alikes = load_letters(data / "letters" / "letters.zip")
    return Sources(
        hands=hands,
        prints=prints,
        words=words,
        marks=marks,
        letters=letters,
        look_alikes=look_alikes,
        papers=[erase_writing(amount.image) for amount in amounts],
        amounts=amounts,
    )


def cut_to_ink(ink: Gray, least: int = 60) -> Gray:
    """Cut a patch to its ink; a patch without ink stays as it is.

    Examples
    --------
    >>> cut_to_ink(np.diag([0, 255, 0]).astype(np.uint8))
    array([[255]], dtype=uint8)
    """
    solid = ink >= least
    rows = np.flatnonzero(solid.any(axis=1))
    if rows.size == 0:
        return ink
    columns = np.flatnonzero(solid.any(axis=0))
    return np.ascontiguousarray(
        ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], dtype=np.uint8
    )


def cut_digits(amounts: Sequence[Amount]) -> dict[str, list[Gray]]:
    """Cut the digits of real crops by their boxes, on clean paper."""
    found: dict[str, list[Gray]] = {str(digit): [] for digit in range(10)}
    for amount in amounts:
        ink = clean_ink(amount.image)
        for digit, box in zip(amount.digits, amount.boxes, strict=True):
            patch = cut_to_ink(ink[box.top : box.bottom, box.left : box.right])
            if min(patch.shape) > 2:
                found[digit].append(patch)
    return found


def even_slant(patches: Mapping[str, Sequence[Gray]]) -> dict[str, list[Gray]]:
    """Shear each patch to the mean slant of its digit: the patches of a line lean alike.

    The slant of a patch is that of its second moments (LeCun and others 1998, section III.A, remove
    it so); a 7 leans by itself, so each digit keeps its own mean.
    """
    even: dict[str, list[Gray]] = {}
    for digit, choices in patches.items():
        slants = [_measure_slant(patch) for patch in choices]
        middle = float(np.mean(slants)) if slants else 0.0
        even[digit] = [
            cut_to_ink(shear(patch, slant - middle))
            for patch, slant in zip(choices, slants, strict=True)
        ]
    return even


def sort_by_pen(patches: Mapping[str, Sequence[Gray]]) -> dict[str, list[Gray]]:
    """Sort the patches of each digit from the finest pen to the broadest, against their height."""
    return {digit: sorted(choices, key=_measure_pen) for digit, choices in patches.items()}


def shear(ink: Gray, slant: float) -> Gray:
    """Lean ink to the right by so many columns per row up, on as much more paper as that takes."""
    height, width = ink.shape
    extra = abs(slant) * height
    move = np.array([[1.0, -slant, extra if slant > 0 else 0.0], [0.0, 1.0, 0.0]])
    turned = cv2.warpAffine(ink, move, (round(width + extra) + 1, height))
    return np.asarray(turned, np.uint8)


def _measure_slant(patch: Gray) -> float:
    moments = cv2.moments(patch)
    return float(np.clip(moments["mu11"] / max(moments["mu02"], 1e-6), -1.0, 1.0))


def _measure_pen(patch: Gray) -> float:
    """Measure the mean distance of ink from paper, a quarter of the pen's width, in heights."""
    padded = cv2.copyMakeBorder(np.asarray(patch > 127, np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    far = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    return float(far.sum() / max(1, np.count_nonzero(far)) / patch.shape[0])


def clean_ink(gray: Gray) -> Gray:
    """Measure ink and take the paper's texture out: what is weaker than a fifth is no ink."""
    ink = measure_ink(gray).astype(np.float32)
    return np.asarray(np.clip((ink - 55.0) * 1.35, 0, 255), np.uint8)


def erase_writing(gray: Gray) -> Gray:
    """Paint the writing over with the paper around it (Telea's inpainting)."""
    ink = measure_ink(gray)
    mask = cv2.dilate(np.asarray(ink > 75, np.uint8), np.ones((5, 5), np.uint8))
    small = cv2.resize(gray, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA), np.uint8)


def load_letters(path: Path) -> tuple[list[Gray], list[Gray]]:
    """Load the handwritten letters as patches: those unlike any digit, and the others."""
    if not path.is_file():
        raise NoPagesError(
            f"no letters at {path}: fetch TasnimulIntazamAsif/Handwritten_Letter_Indentification "
            "(MIT) and put its 5,200 crops into letters/letters.zip"
        )
    plain: list[Gray] = []
    alike: list[Gray] = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith(".png"):
                continue
            raw = np.frombuffer(archive.read(name), np.uint8)
            gray = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
            patch = cut_to_ink(clean_ink(np.asarray(gray, np.uint8)))
            if min(patch.shape) > 3:
                (alike if Path(name).name.split("_")[1] in LOOK_ALIKES else plain).append(patch)
    return plain, alike


def draw_fonts(rng: np.random.Generator) -> tuple[list[Patches], list[Gray], list[Gray]]:
    """Draw digits, words and currency signs with every font that is installed.

    Returns
    -------
    tuple of list
        An alphabet a font, words, currency signs. Pillow's own font is always among them.
    """
    installed = {path.name: path for path in sorted(FONT_ROOT.rglob("*.?t?"))}
    fonts = {"Pillow": ImageFont.load_default(GLYPH_PX)}
    for name in PRINT_FONTS + HAND_FONTS:
        if name in installed:
            fonts[name] = ImageFont.truetype(str(installed[name]), GLYPH_PX)
    prints: list[Patches] = []
    words: list[Gray] = []
    marks: list[Gray] = []
    for name, font in fonts.items():
        prints.append({letter: [_draw(letter, font)] for letter in "0123456789DMY"})
        words += [_draw(word, font) for word in WORDS]
        # Without made-up words the reader took ANGGOTA and SERATUS for numbers: it knew forty.
        words += [_draw(make_text(rng), font) for _ in range(TEXTS)]
        if name.startswith(RUPEE_FONTS):
            marks += [_draw(mark, font) for mark in MARKS]
    if DEVANAGARI_FONT in installed:
        font = ImageFont.truetype(str(installed[DEVANAGARI_FONT]), GLYPH_PX)
        words += [_draw(word, font) for word in DEVANAGARI] * 8
        # A page has other words than the few known ones, and the screen let half of them pass.
        words += [_draw(make_devanagari(rng), font) for _ in range(4 * TEXTS)]
    return prints, words, marks


def _draw(text: str, font: Font) -> npt.NDArray[np.uint8]:
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    image = Image.new("L", (max(1, right - left) + 8, max(1, bottom - top) + 8), 0)
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, fill=255, font=font)
    return cut_to_ink(np.asarray(image, np.uint8))
