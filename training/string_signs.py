"""What stands between and after digits, drawn with the writer's pen: signs, and zeros in one go."""

import re
from dataclasses import dataclass

import cv2
import numpy as np

from digitscan.records import Gray
from training.string_sources import cut_to_ink

DIGIT_PX = 32
"""Height of a digit of plain size: about what real crops of cheques have."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Text:
    """What stands in a line.

    Attributes
    ----------
    characters : str
        Digits, and where `is_signed` also `,` for a separator between digits and `-` for the signs
        before or after the number (`/-` is one of them).
    is_signed : bool
        True where signs are named; of real crops the digits alone are known.
    """

    characters: str
    is_signed: bool = True

    @property
    def digits(self) -> str:
        """The digits alone."""
        return re.sub(r"\D", "", self.characters)


def name_signs(written: str) -> Text:
    """Name what a punctuated number shows.

    Examples
    --------
    >>> name_signs("$7,12.000/-").characters
    '-7,12,000-'
    >>> name_signs("5 3.").characters
    '53-'
    """
    text = re.sub(r"(?<=\d) (?=\d)", "", written)
    text = re.sub(r"(?<=\d)[,.'](?=\d)", ",", text)
    return Text(re.sub(r"[^\d,]+|,(?!\d)", "-", text))


@dataclass(frozen=True, slots=True)
class Style:
    """How one line is written; `commas` is a seed where all its commas are alike."""

    height: float
    stretch: float
    gap: float
    spread: float
    zeros: float
    pen: float
    slant: float
    chain: bool = False
    commas: int | None = None


def group_zeros(text: str, chain: bool) -> list[str]:
    """Split a text into characters, up to four zeros kept whole where they are written in one go.

    Nobody can count more of them in a wave.
    """
    return re.findall("0{2,4}|.", text) if chain else list(text)


def chain_zeros(count: int, style: Style, rng: Rng) -> Gray:
    """Draw zeros without lifting the pen: loops that a stroke along their tops ties together."""
    high = 0.5 * style.height * float(rng.uniform(0.4, 1.0))
    wide = high * float(rng.uniform(0.35, 1.0))
    pitch = 2 * wide * float(rng.uniform(0.85, 1.4)) + high * float(
        rng.choice([0.0, 0.0, 0.3, 0.7])
    )
    # From the top left down and round: open at the top they look like a row of u, tied by bars.
    is_open = rng.random() < 0.65
    # Pointed below, the open ones are a row of v; low ones hang on their bar like waves.
    point = float(rng.choice([0.0, 0.4, 0.8]))
    low_share = float(rng.uniform(0.55, 1.0)) if rng.random() < 0.5 else 1.0
    points = []
    for k in range(count):
        begin, sweep = rng.uniform(-130, -60), rng.uniform(330, 420)
        size = np.exp(rng.normal(0.0, 0.08, 2))
        own_point = 0.0
        if is_open and (k > 0 or rng.random() < 0.3) and (k + 1 < count or rng.random() < 0.6):
            begin, sweep = rng.uniform(-160, -110), rng.uniform(230, 320)
            own_point, size[1] = point, size[1] * low_share
        angles = np.deg2rad(begin - np.linspace(0.0, sweep, 22))
        across, down = np.cos(angles), np.sin(angles)
        across *= 1.0 - own_point * (down + 1.0) / 2.0
        loop = np.stack([across * wide * size[0], (down * size[1] + size[1] - 1.0) * high], 1)
        points.append(loop + (k * pitch + rng.normal(0.0, 0.6), rng.normal(0.0, 0.8)))
    path = np.concatenate(points)
    # Averaging over neighbors turns the jumps between the loops into strokes of a pen.
    path = cv2.blur(np.pad(path, ((1, 1), (0, 0)), mode="edge").astype(np.float32), (1, 3))
    low = path.min(axis=0) - 4
    size_px = np.ceil(path.max(axis=0) - low + 4).astype(int)
    canvas = np.zeros((int(size_px[1]), int(size_px[0])), np.uint8)
    line = np.round((path - low) * 8).astype(np.int32)
    pen = max(1, round(min(style.pen, 0.4 * high)))
    cv2.polylines(canvas, [line], False, 255, pen, cv2.LINE_AA, 3)
    return cut_to_ink(canvas)


def tie_zeros(
    before: tuple[Gray, int, int], place: tuple[int, int], width: int, style: Style
) -> tuple[Gray, int, int]:
    """Draw the stroke that leads from the top of one zero to the top of the next."""
    ink, top, left = before
    start = left + round(0.55 * ink.shape[1])
    end = max(start + 2, place[1] + round(0.6 * width))
    rows = (top + 1, place[0] + 1)
    first = min(rows) - 4
    canvas = np.zeros((abs(rows[0] - rows[1]) + 12, end - start + 1), np.uint8)
    middle = ((end - start) / 2, max(rows) - first + 3)
    path = np.array([(0, rows[0] - first), middle, (end - start, rows[1] - first)])
    path = np.round(path * 8).astype(np.int32)
    cv2.polylines(canvas, [path], False, 255, max(1, round(style.pen)), cv2.LINE_AA, 3)
    return canvas, first, start


def _draw_long_comma(height: float, rng: Rng) -> list[tuple[float, float]]:
    """Return a comma of half a digit's height to more than all of it, straight or bent.

    Between groups of zeros such strokes stand on Indian cheques: a reader takes them for a 1 unless
    it has learned that they reach below the line.
    """
    high = rng.random() < 0.3
    head = float(rng.uniform(0.1, 0.45) if high else rng.uniform(0.45, 0.85)) * height
    foot = float(rng.uniform(1.0, 1.35)) * height
    lean = float(rng.uniform(-0.1, 0.35)) * height
    belly = float(rng.normal(0.0, 0.09)) * height
    rows = np.linspace(head, foot, 6)
    way = np.linspace(1.0, 0.0, 6)
    columns = 6 + lean * way + belly * 4 * way * (1 - way)
    path = [(float(x), float(y)) for x, y in zip(columns, rows, strict=True)]
    if rng.random() < 0.25:
        # The pen comes from the left, often from the digit before: a head that makes a 7 of it.
        reach, fall = rng.uniform(0.1, 0.4) * height, rng.uniform(-0.05, 0.1) * height
        path = [(x + reach, y) for x, y in path]
        path.insert(0, (path[0][0] - reach, head + fall))
    return path


def draw_sign(character: str, style: Style, rng: Rng) -> tuple[Gray, int]:
    """Draw a separator or part of a tail; return its ink and its top against the digits' top."""
    height = style.height
    size = round(height * 1.6)
    canvas = np.zeros((size, size), np.uint8)
    base = height
    wave = rng.normal(0.0, 0.04 * height, 8)
    long = float(rng.uniform(0.35, 1.2))
    # A stroke that ends an amount may stand as upright as a 1; the dash after it may rise.
    lean = float(rng.uniform(-0.12, 0.1) if rng.random() < 0.35 else rng.uniform(0.02, 0.6))
    climb = 0.2 * height * float(rng.normal()) if rng.random() < 0.3 else 0.0
    # The slashes of a date may be no taller than its digits.
    rise = float(rng.uniform(-0.15, 0.25)) * height
    shapes: dict[str, list[tuple[float, float]]] = {
        ".": [(4, base - 1), (5 + wave[0], base)],
        "'": [(5, 2), (3 + wave[0], 2 + 0.2 * height)],
        ",": [(6 + wave[0], base - 3), (5, base + 2), (2 + wave[1], base + 0.22 * height)],
        "-": [(2, 0.55 * base + wave[0] + climb), (2 + height * long, 0.55 * base + wave[1])],
        "_": [(2, base + wave[0]), (2 + height * 0.6, base + wave[1])],
        "/": [(9 + lean * height, rise + wave[0]), (9, base + 4 - rise / 2 + wave[1])],
    }
    if character == ",":
        # Where a writer's commas are alike, a reader can tell them from a writer's ones.
        own = rng if style.commas is None else np.random.default_rng(style.commas)
        if own.random() < 0.7:
            shapes[","] = _draw_long_comma(height, own)
    pen = max(1, round(style.pen * float(rng.uniform(0.7, 1.1))))
    strokes = {"=": [shapes["-"], [(x, y + 0.25 * base) for x, y in shapes["-"]]]}
    if character == "$":
        x, y = np.array([0.8, 0.4, 0.1, 0.2, 0.7, 0.9, 0.6, 0.1]), np.linspace(0.1, 0.95, 8)
        curve = list(zip(2 + x * 0.55 * height, y * base, strict=True))
        middle = 2 + 0.3 * height
        strokes["$"] = [curve, [(middle + wave[0], -2), (middle + wave[1], base + 3)]]
    elif character == "*":
        spokes = np.deg2rad([0.0, 60.0, 120.0])
        arms = 0.22 * height * np.stack([np.cos(spokes), np.sin(spokes)], 1)
        middle_xy = np.array([0.25 * height, 0.4 * base])
        strokes["*"] = [[tuple(middle_xy - arm), tuple(middle_xy + arm)] for arm in arms]
    elif character == "#":
        bar = [(2.0, 0.35 * base), (0.7 * base, 0.35 * base)]
        rail = [(0.35 * base, 0.0), (0.2 * base, base)]
        strokes["#"] = [bar, [(x, y + 0.3 * base) for x, y in bar], rail]
        strokes["#"].append([(x + 0.25 * base, y) for x, y in rail])
    shift = 6
    for stroke in strokes.get(character, [shapes.get(character, shapes["."])]):
        path = np.round((np.array(stroke) + (0, shift)) * 8).astype(np.int32)
        cv2.polylines(canvas, [path], False, 255, pen, cv2.LINE_AA, 3)
    rows = np.flatnonzero(canvas.any(axis=1))
    return cut_to_ink(canvas), (int(rows[0]) if rows.size else 0) - shift
