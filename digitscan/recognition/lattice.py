"""Every way to group the pieces x the classifier -> the N best strings.

The lattice of LeCun, Bottou, Bengio and Haffner 1998, section VI: nodes are the gaps between
pieces, an arc is a group of neighboring pieces named as one digit, or passed over as rubbish.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from digitscan.records import Floats
from digitscan.settings import LatticeSettings

DIGITS = "0123456789"
COMMA_DROP, COMMA_WIDE, COMMA_HIGH = 0.12, 0.42, 0.95
"""In text heights: the middle of a comma is at least so far below the line's, and a comma is at
most so wide and high. Measured by eye on the amounts of 40 cheques, where writers draw commas as
strokes of 0.5 to 0.8 text heights."""
LEANING_DROP, LEANING_TOP, LEANING_FOOT = 0.2, -0.25, 0.5
LEANING_WIDE, LEANING_HIGH = 0.9, 1.3
"""The same of a comma that leans, which is wider and may reach far below the line, and how far it
begins and ends below the line's middle. What the network takes for a stroke and stands so is hardly
a 1: ones stand like their neighbors. With digits-11 the lattice alone reads 275 of 418 amounts of
cheques by template (38, in eleven conditions) with these, 186 without; of 1,160 looks at Chilean
amounts 1,081 and 1,085."""
COMMA_SHARE = 0.35
"""Least probability that such a stroke is no digit, whatever the network says of its shape: alone
in its frame it looks like a 1."""
STROKES = [1, 7, 10]
"""What the network calls a lone stroke, of a comma or a tail `/-`, in its frame: 10 is rubbish."""
DASH_HIGH, LONG_DASH_HIGH = 0.45, 0.7
"""In text heights: a dash is at most so high, a long one that leans or bends somewhat higher.
Joined zeros, as long, are higher."""
TIE_HIGH, TIE_FOOT = 0.4, 0.2
"""In text heights: the stroke that ties two zeros is at most so high and ends so far below the
middle of the line. With digits-9 both readers have 354 of those 418 amounts right where such a
piece costs as little as a comma, 348 where it costs as much as any that was cut off; of the Chilean
ones the lattice alone reads as many either way."""
SPECK = 0.3
"""Ink of less text heights before a dash is where the pen skipped."""
HIGH_SLASH, SLIM_SLASH, AFTER_SLASH = 1.7, 0.6, 0.85
"""In text heights: a last stroke at least so high, and at most so wide against its height, is the
slash of a tail, where what stands after it is lower than that. The lattice alone reads ten more of
those 418 amounts for it, and of the Chilean ones the same."""
LYING = 0.4
"""What is passed over counts by its height, or by this share of its width where that is more: a
dash is wide and yet no digit. Of 1740 amounts and variants of them (`training.measure_lattice`)
the lattice reads 6 more than with 0.6."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A group of pieces under one name.

    Attributes
    ----------
    first, last : int
        First piece and the one after the last.
    label : str
        "0" to "9", or "" for rubbish: dots, commas, tails, currency signs.
    score : float
        Log of what the network and the group's shape say for it.
    confidence : float
        The network's probability of the label.
    """

    first: int
    last: int
    label: str
    score: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Path:
    """One way through the lattice.

    Attributes
    ----------
    text : str
        The digits on the way.
    score : float
        Sum of the arcs' scores.
    arcs : tuple of Arc
        Left to right; together they hold every piece once.
    """

    text: str
    score: float
    arcs: tuple[Arc, ...]


@dataclass(frozen=True, slots=True)
class Lattice:
    """All arcs of a region, by the node where they begin (node k lies before piece k)."""

    pieces: int
    arcs: tuple[tuple[Arc, ...], ...]


def build_lattice(
    pieces: int,
    spans: npt.NDArray[np.int32],
    shapes: Floats,
    probabilities: Floats,
    settings: LatticeSettings = LatticeSettings(),
    seams: npt.NDArray[np.int32] | None = None,
) -> Lattice:
    """Score every group of a region as each digit that it may be, and as rubbish.

    Parameters
    ----------
    pieces : int
        Number of pieces.
    spans : ndarray of int32, shape (M, 2)
        First piece and the one after the last of each group.
    shapes : ndarray of float32, shape (M, 4)
        left, top, right, bottom of each group in text heights, the middle of the line at 0.
    probabilities : ndarray of float32, shape (M, 11)
        Of "0" to "9" and rubbish; a row for marks that the network did not see is rubbish 1.
    settings : LatticeSettings
    seams : ndarray of int32, shape (M,), optional
        On how many of its two sides each group was cut off its neighbor; by default none.

    Returns
    -------
    Lattice
    """
    arcs: list[list[Arc]] = [[] for _ in range(pieces)]
    cut_off = np.zeros(len(spans), np.int32) if seams is None else seams
    high = _find_high_stroke(shapes[spans[:, 1] - spans[:, 0] == 1])
    for (first, last), shape, row, sides in zip(
        spans.tolist(), shapes.tolist(), probabilities.tolist(), cut_off.tolist(), strict=True
    ):
        doubted = _find_comma(shape, row, sides, is_inside=first > 0 and last < pieces)
        doubted = "17" if (first, last) == (high, high + 1) else doubted
        if max(row[:10]) >= settings.least:
            shape_score = _score_shape(shape, settings) - settings.seam * sides
            for label, probability in zip(DIGITS, row, strict=False):
                if probability >= settings.least:
                    comma = settings.comma_cost if label in doubted else 0.0
                    score = log(probability) + shape_score - comma
                    arcs[first].append(Arc(first, last, label, score, probability))
        if last == first + 1:
            # Rubbish is passed over piece by piece: a group of rubbish is no better than its parts.
            score = _score_rubbish(shape, row[10], sides, bool(doubted), settings)
            arcs[first].append(Arc(first, last, "", score, row[10]))
    for first, last in _find_tails(pieces, spans, shapes, cut_off, high, settings):
        # The stroke of a tail looks like a 1, a 7 or nothing; other last digits do not.
        row = probabilities[(spans[:, 0] == first) & (spans[:, 1] == first + 1)][0]
        stroke = float(row[STROKES].sum())
        score = log(max(stroke, settings.least)) - settings.skip_small
        arcs[first].append(Arc(first, last, "", score, stroke))
    return Lattice(pieces, tuple(tuple(group) for group in arcs))


def find_paths(
    lattice: Lattice,
    settings: LatticeSettings = LatticeSettings(),
    allows_prefix: Callable[[str], bool] | None = None,
) -> tuple[Path, ...]:
    """Find the best paths through the lattice, one for each text.

    A beam over the nodes; paths with the same text are kept apart only by their better half.

    Parameters
    ----------
    lattice : Lattice
    settings : LatticeSettings
    allows_prefix : callable, optional
        True for the beginnings of texts that the field may say; others are not followed.

    Returns
    -------
    tuple of Path
        Best first, at most `settings.paths`.
    """
    beams: list[dict[str, tuple[float, Arc | None, str]]] = [{} for _ in range(lattice.pieces + 1)]
    beams[0][""] = (0.0, None, "")
    for node in range(lattice.pieces):
        best = sorted(beams[node].items(), key=lambda item: -item[1][0])[: settings.beam]
        beams[node] = dict(best)
        for text, (score, _, _) in best:
            for arc in lattice.arcs[node]:
                longer = text + arc.label
                if arc.label and allows_prefix is not None and not allows_prefix(longer):
                    continue
                total = score + arc.score
                there = beams[arc.last].get(longer)
                if there is None or total > there[0]:
                    beams[arc.last][longer] = (total, arc, text)
    final = sorted(beams[-1].items(), key=lambda item: -item[1][0])[: settings.paths]
    return tuple(Path(text, state[0], _trace(beams, text)) for text, state in final)


def find_path(lattice: Lattice, text: str) -> Path | None:
    """Find the best path that reads `text`; None when there is none.

    Parameters
    ----------
    lattice : Lattice
    text : str
        Digits; another reader's candidate, for example.

    Returns
    -------
    Path or None
        Its score compares with those of `find_paths`.
    """
    # State: (node, digits read so far) -> best score and the arc that led there.
    best: list[dict[int, tuple[float, Arc | None]]] = [{} for _ in range(lattice.pieces + 1)]
    best[0][0] = (0.0, None)
    for node in range(lattice.pieces):
        for read, (score, _) in best[node].items():
            wanted = text[read : read + 1]
            for arc in lattice.arcs[node]:
                if arc.label and arc.label != wanted:
                    continue
                state = read + len(arc.label)
                there = best[arc.last].get(state)
                if there is None or score + arc.score > there[0]:
                    best[arc.last][state] = (score + arc.score, arc)
    if len(text) not in best[-1]:
        return None
    arcs: list[Arc] = []
    node, read = lattice.pieces, len(text)
    while node > 0:
        last = best[node][read][1]
        assert last is not None  # only node 0 has none
        arcs.append(last)
        node, read = last.first, read - len(last.label)
    return Path(text, best[-1][len(text)][0], tuple(reversed(arcs)))


def _score_shape(shape: list[float], settings: LatticeSettings) -> float:
    """Return the log of how likely a digit has this size and place; 0 for a plain one.

    `shape` is left, top, right, bottom in text heights, the middle of the line at 0.
    """
    left, top, right, bottom = shape
    low = max(0.0, settings.digit_low - (bottom - top))
    high = max(0.0, bottom - top - settings.digit_high)
    wide = max(0.0, right - left - settings.digit_wide)
    # A comma hangs below the middle of the line, where no digit is.
    hangs = max(0.0, top - settings.digit_top)
    return -(low + high + wide + 2 * hangs) * settings.size_weight


def _score_rubbish(
    shape: list[float], probability: float, sides: int, is_comma: bool, settings: LatticeSettings
) -> float:
    """Return the score of passing a piece over, cut off its neighbors on so many sides.

    Dots, commas and specks stand alone: a small piece that was cut off is part of a digit, unless
    it ties two of them.
    """
    seams = settings.seam * sides
    if is_comma:
        return log(max(probability, COMMA_SHARE)) - settings.skip_small - seams
    left, top, right, bottom = shape
    if sides == 2 and bottom - top < TIE_HIGH and bottom < TIE_FOOT:
        return log(max(probability, settings.least)) - settings.skip_small
    size = max(LYING * (right - left), bottom - top)
    is_small = sides == 0 and size < settings.small
    cost = settings.skip_small if is_small else settings.skip * size + seams
    return log(max(probability, settings.least)) - cost


def _find_comma(shape: list[float], row: list[float], sides: int, is_inside: bool) -> str:
    """Return the digits that a group is hardly, as it stands where commas do; none elsewhere.

    A narrow one that stands alone is no digit at all. One that leans may hang on a digit, and is
    doubted only between others and as the stroke that the network takes it for.
    """
    left, top, right, bottom = shape
    middle, width, height = (top + bottom) / 2, right - left, bottom - top
    is_narrow = middle > COMMA_DROP and bottom > 0.4 and width < COMMA_WIDE and height < COMMA_HIGH
    if is_narrow and sides == 0:
        return DIGITS
    leans = middle > LEANING_DROP and top > LEANING_TOP and bottom > LEANING_FOOT
    fits = width < LEANING_WIDE and height < LEANING_HIGH and sides <= 1
    is_stroke = sum(row[k] for k in STROKES) > 0.5
    return "17" if is_inside and leans and fits and is_stroke else ""


def _find_tails(
    pieces: int,
    spans: npt.NDArray[np.int32],
    shapes: Floats,
    seams: npt.NDArray[np.int32],
    high: int,
    settings: LatticeSettings,
) -> list[tuple[int, int]]:
    """Return where a tail such as `/-` or `/=` may begin and that it ends the line.

    A tail is a stroke higher than the digits, or leaning, before one or more dashes at the end:
    alone the stroke would be a 1. One that is far higher needs no dash.
    """
    alone = spans[:, 1] - spans[:, 0] == 1
    shapes = shapes[alone]
    joined = _find_joined(seams[alone].tolist())
    first = pieces
    while first > 0 and (start := _find_dash(shapes, joined, first)) < first:
        first = start
    if 1 < first < pieces:
        left, top, right, bottom = shapes[first - 1].tolist()
        if bottom - top >= settings.slash and right - left < bottom - top:
            return [(first - 1, pieces)]
    return [(high, pieces)] if high > 0 else []


def _find_high_stroke(shapes: Floats) -> int:
    """Return the place of a stroke far higher than the digits at the end; -1 where none is."""
    for place in range(len(shapes) - 1, max(0, len(shapes) - 4), -1):
        left, top, right, bottom = shapes[place].tolist()
        if bottom - top >= HIGH_SLASH:
            return place if right - left < SLIM_SLASH * (bottom - top) else -1
        if bottom - top >= AFTER_SLASH:
            return -1
    return -1


def _find_joined(seams: list[int]) -> list[bool]:
    """Say of each piece whether it was cut off the one before it, from each one's cut sides."""
    joined = [False]
    for sides in seams:
        joined.append(sides > joined[-1])
    return joined[:-1]


def _find_dash(shapes: Floats, joined: list[bool], end: int) -> int:
    """Return the first piece of a dash whose last piece is before `end`; `end` where none is.

    A long dash was cut into pieces as touching digits are, and may hang on the stroke before it.
    """
    found = start = end
    while start > 0 and (start == end or joined[start]):
        start -= 1
        left, top = shapes[start:end, :2].min(axis=0).tolist()
        right, bottom = shapes[start:end, 2:].max(axis=0).tolist()
        width, height = right - left, bottom - top
        is_flat = height < DASH_HIGH and width > 1.3 * height
        is_long = height < LONG_DASH_HIGH and width > 1.7 * height
        is_speck = end < len(shapes) and max(width, height) < SPECK
        if (is_flat or is_long or is_speck) and top < 0.35:
            found = start
    return found


def _trace(beams: list[dict[str, tuple[float, Arc | None, str]]], text: str) -> tuple[Arc, ...]:
    """Walk back from the last node and return the arcs from left to right."""
    arcs: list[Arc] = []
    node = len(beams) - 1
    while node > 0:
        _, arc, before = beams[node][text]
        assert arc is not None  # only node 0 has none
        arcs.append(arc)
        node, text = arc.first, before
    return tuple(reversed(arcs))
