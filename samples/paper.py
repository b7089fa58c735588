"""A sheet of paper to draw on: print, rules, security patterns, pens, and the scanner after them.

Lengths are millimetres on the paper; only what leaves this module is in pixels. Print uses the
stroke fonts that OpenCV carries, so that no font file is needed and every machine draws the same.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from training.strokes import Hand, Ink, draw_hand, draw_string

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

BLACK: Color = (25, 25, 30)
BLUE: Color = (40, 50, 140)
GRAY: Color = (120, 120, 120)

MM_PER_INCH = 25.4
_FONTS = {
    "plain": cv2.FONT_HERSHEY_DUPLEX,
    "serif": cv2.FONT_HERSHEY_COMPLEX,
    "light": cv2.FONT_HERSHEY_SIMPLEX,
    "script": cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
}
# The capital letters of OpenCV's fonts are 21 to 22 px high at scale 1.
_FONT_HEIGHT_PX = 22.0


@dataclass(frozen=True, slots=True)
class Place:
    """Rectangle that was drawn in, in pixels of the sheet, half open."""

    left: float
    top: float
    right: float
    bottom: float


class Sheet:
    """Paper of a size and resolution; every drawing darkens it.

    Parameters
    ----------
    width_mm, height_mm : float
    dpi : float
    rng : numpy.random.Generator
    color : tuple of int
        The paper, as red, green, blue.
    """

    def __init__(
        self,
        width_mm: float,
        height_mm: float,
        dpi: float,
        rng: np.random.Generator,
        color: Color = (252, 252, 250),
    ) -> None:
        self.dpi = dpi
        self.rng = rng
        self.width_mm = width_mm
        self.height_mm = height_mm
        size = (self.to_px(height_mm), self.to_px(width_mm))
        self._light = np.empty((*size, 3), np.float32)
        self._light[:] = np.array(color, np.float32) / 255.0

    def to_px(self, length_mm: float) -> int:
        """Return a length in whole pixels."""
        return round(length_mm * self.dpi / MM_PER_INCH)

    def stamp(
        self, ink: Ink, left_mm: float, top_mm: float, color: Color, opacity: float = 1.0
    ) -> Place:
        """Lay ink on the paper; what lies outside the sheet is lost."""
        left, top = self.to_px(left_mm), self.to_px(top_mm)
        target = self._light[max(top, 0) : top + ink.shape[0], max(left, 0) : left + ink.shape[1]]
        ink = ink[max(-top, 0) :, max(-left, 0) :][: target.shape[0], : target.shape[1]]
        cover = ink[:, :, np.newaxis].astype(np.float32) * (opacity / 255.0)
        target *= 1.0 - cover * (1.0 - np.array(color, np.float32) / 255.0)
        return Place(left, top, left + ink.shape[1], top + ink.shape[0])

    def print_text(
        self,
        text: str,
        left_mm: float,
        baseline_mm: float,
        height_mm: float,
        font: str = "plain",
        color: Color = BLACK,
        opacity: float = 1.0,
    ) -> Place:
        """Print a line; `height_mm` is that of its capitals."""
        ink = draw_print(text, height_mm * self.dpi / MM_PER_INCH, font)
        return self.stamp(ink, left_mm, baseline_mm - height_mm, color, opacity)

    def rule(
        self,
        left_mm: float,
        top_mm: float,
        right_mm: float,
        bottom_mm: float,
        width_mm: float = 0.25,
        color: Color = BLACK,
    ) -> None:
        """Draw a straight rule."""
        pad_mm = 2.0 * width_mm + 1.0
        low_x, low_y = min(left_mm, right_mm) - pad_mm, min(top_mm, bottom_mm) - pad_mm
        # In whole pixels, so that the rule lies where its millimetres say.
        low = self.to_px(low_x), self.to_px(low_y)
        ends = [
            tuple(
                round(v * self.dpi / MM_PER_INCH * 16) - 16 * o
                for v, o in zip(end, low, strict=True)
            )
            for end in ((left_mm, top_mm), (right_mm, bottom_mm))
        ]
        wide = self.to_px(abs(right_mm - left_mm) + 2.0 * pad_mm)
        high = self.to_px(abs(bottom_mm - top_mm) + 2.0 * pad_mm)
        ink = np.zeros((high, wide), np.uint8)
        cv2.line(ink, ends[0], ends[1], 255, max(1, self.to_px(width_mm)), cv2.LINE_AA, 4)
        self.stamp(ink, low_x, low_y, color)

    def box(
        self,
        left_mm: float,
        top_mm: float,
        width_mm: float,
        height_mm: float,
        cells: int = 1,
        color: Color = BLACK,
        rule_mm: float = 0.25,
    ) -> Place:
        """Draw a box, or a comb of `cells` boxes of that total width."""
        right, bottom = left_mm + width_mm, top_mm + height_mm
        for y in (top_mm, bottom):
            self.rule(left_mm, y, right, y, rule_mm, color)
        for cell in range(cells + 1):
            x = left_mm + width_mm * cell / cells
            self.rule(x, top_mm, x, bottom, rule_mm, color)
        return Place(*(float(self.to_px(v)) for v in (left_mm, top_mm, right, bottom)))

    def write(
        self,
        text: str,
        left_mm: float,
        baseline_mm: float,
        hand: Hand,
        color: Color,
        gap: float | None = 0.1,
    ) -> Place:
        """Write figures by hand, standing on the baseline."""
        ink = draw_string(text, self.rng, hand, gap=gap)
        height_mm = hand.height_px * MM_PER_INCH / self.dpi
        return self.stamp(ink, left_mm, baseline_mm - height_mm, color)

    def write_cells(
        self, text: str, box: tuple[float, float, float, float], hand: Hand, color: Color
    ) -> None:
        """Write a character in the middle of every cell of a comb; left, top, width, height."""
        left, top, width, height = box
        cell = width / len(text)
        for index, character in enumerate(text):
            ink = draw_string(character, self.rng, hand)
            wide, high = (side * MM_PER_INCH / self.dpi for side in ink.shape[::-1])
            x = left + cell * (index + 0.5) - wide / 2.0 + self.rng.normal(0.0, 0.08) * cell
            y = top + (height - high) / 2.0 + self.rng.normal(0.0, 0.04) * height
            self.stamp(ink, float(x), float(y), color)

    def write_words(
        self, text: str, left_mm: float, baseline_mm: float, height_mm: float, color: Color
    ) -> None:
        """Write words in a joined hand."""
        ink = _bend(draw_print(text, height_mm * self.dpi / MM_PER_INCH, "script"), self.rng)
        self.stamp(ink, left_mm, baseline_mm - height_mm * 1.2, color)

    def sign(self, left_mm: float, top_mm: float, width_mm: float, color: Color) -> None:
        """Scribble a signature."""
        width = self.to_px(width_mm)
        t = np.linspace(0.0, 1.0, 400)
        loops = [
            self.rng.uniform(0.5, 1.0) * np.sin(2 * np.pi * (f * t + self.rng.random()))
            for f in (3.0, 6.5, 9.0)
        ]
        x = (0.12 + 0.7 * t + 0.06 * np.cos(2 * np.pi * 8.0 * t)) * width
        y = (0.3 + 0.06 * sum(loops) * (1.2 - t)) * width
        ink = np.zeros((round(0.6 * width), width), np.uint8)
        path = np.rint(np.stack([x, y], axis=1) * 16).astype(np.int32)
        cv2.polylines(ink, [path], False, 230, max(1, self.to_px(0.3)), cv2.LINE_AA, 4)
        self.stamp(ink, left_mm, top_mm, color)

    def weave(self, color: Color, pitch_mm: float = 1.6, opacity: float = 0.35) -> None:
        """Cover the sheet with a security pattern of fine waves."""
        height, width = self._light.shape[:2]
        ink = np.zeros((height, width), np.uint8)
        x = np.linspace(0.0, width, 160)
        pitch = pitch_mm * self.dpi / MM_PER_INCH
        for family, slope in ((0, 0.25), (1, -0.2)):
            for number in range(-20, round(height / pitch) + 20):
                wave = 1.4 * pitch * np.sin(2 * np.pi * x / (11.0 + 3.0 * family) / pitch)
                y = number * pitch + wave + slope * x * 0.3
                path = np.rint(np.stack([x, y], axis=1) * 16).astype(np.int32)
                cv2.polylines(ink, [path], False, 255, 1, cv2.LINE_AA, 4)
        self.stamp(ink, 0.0, 0.0, color, opacity)

    def microprint(self, text: str, height_mm: float, color: Color, opacity: float = 0.2) -> None:
        """Repeat a name in small letters all over the sheet."""
        width_mm = len(text) * height_mm * 1.15
        for row, y in enumerate(np.arange(height_mm * 2, self.height_mm, height_mm * 4.5)):
            for x in np.arange(-width_mm * (row % 2) / 2.0, self.width_mm, width_mm * 1.2):
                self.print_text(text, float(x), float(y), height_mm, "light", color, opacity)

    def clear_below(self, top_mm: float) -> None:
        """Make the sheet white from a height downwards, as under a MICR line."""
        self._light[self.to_px(top_mm) :] = 0.99

    def scan(self, turn_deg: float = 0.0, noise: float = 0.0) -> npt.NDArray[np.uint8]:
        """Scan the sheet.

        Parameters
        ----------
        turn_deg : float
            How far the sheet lies turned, positive counter-clockwise as the eye sees it.
        noise : float
            Standard deviation of the sensor's noise in gray levels.

        Returns
        -------
        ndarray of uint8, shape (H, W, 3)
            Blue, green, red, as OpenCV writes images.
        """
        image: npt.NDArray[np.floating] = self._light[:, :, ::-1] * 255.0
        if turn_deg:
            size = image.shape[1::-1]
            matrix, desk = self.turn(turn_deg), (238.0, 240.0, 240.0)
            image = np.asarray(cv2.warpAffine(image, matrix, size, borderValue=desk))
        if noise:
            image = image + self.rng.normal(0.0, noise, (*image.shape[:2], 1))
        return np.asarray(np.rint(np.clip(image, 0.0, 255.0)), np.uint8)

    def turn(self, turn_deg: float) -> npt.NDArray[np.float64]:
        """Return the matrix (2, 3) by which `scan` turns the sheet about its middle."""
        height, width = self._light.shape[:2]
        return np.asarray(cv2.getRotationMatrix2D((width / 2.0, height / 2.0), turn_deg, 1.0))


def draw_print(text: str, height_px: float, font: str) -> Ink:
    """Draw a line of print, baseline at `height_px`, descenders below.

    Parameters
    ----------
    text : str
        ASCII.
    height_px : float
        Height of a capital letter.
    font : str
        plain, serif, light or script.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Ink strength, 0 paper to 255 full ink.
    """
    face = _FONTS[font]
    (width, _), descent = cv2.getTextSize(text, face, 2.0, 2)
    canvas = np.zeros((round(_FONT_HEIGHT_PX * 2) + descent + 4, width + 8), np.uint8)
    cv2.putText(canvas, text, (4, round(_FONT_HEIGHT_PX * 2)), face, 2.0, 255, 3, cv2.LINE_AA)
    scale = height_px / (_FONT_HEIGHT_PX * 2)
    size = (max(1, round(canvas.shape[1] * scale)), max(1, round(canvas.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(canvas, size, interpolation=method), np.uint8)


def choose_hand(rng: np.random.Generator, height_mm: float, dpi: float) -> Hand:
    """Draw a writer whose figures a clerk reads without asking."""
    hand = draw_hand(rng, height_px=height_mm * dpi / MM_PER_INCH)
    return replace(
        hand,
        pen=float(np.clip(hand.pen, 0.06, 0.1)),
        slant=float(np.clip(hand.slant, -0.05, 0.3)),
        aspect=float(np.clip(hand.aspect, 0.85, 1.25)),
        tremor=min(hand.tremor, 0.004),
        wobble=min(hand.wobble, 0.02),
        strength=max(hand.strength, 225.0),
    )


def _bend(ink: Ink, rng: np.random.Generator) -> Ink:
    """Give drawn letters the unsteadiness of a hand."""
    height = ink.shape[0]
    margin = height // 5
    padded = np.pad(ink, margin)
    y, x = np.mgrid[0 : padded.shape[0], 0 : padded.shape[1]].astype(np.float32)
    for length in (0.8, 1.7, 4.1):
        phase = rng.uniform(0.0, 2.0 * np.pi, 2)
        size = 0.05 * height * min(1.0, length)
        angle = 2.0 * np.pi * (x + 0.4 * y) / (length * height)
        x, y = (
            (x + size * np.sin(angle + phase[0])).astype(np.float32),
            (y + size * np.sin(angle + phase[1])).astype(np.float32),
        )
    bent = cv2.remap(padded, x, y, cv2.INTER_LINEAR)
    return np.asarray(bent, np.uint8)
