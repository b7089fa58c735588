"""What the evidence for a reading is worth: fits to held amounts, as they are and varied."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.cropped_field import make_line
from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.components import find_components
from digitscan.imaging.cuts import join_cells
from digitscan.line_lattices import Line
from digitscan.pipeline import load_reader
from digitscan.reader import read_lines
from digitscan.recognition.confidence import (
    UNCALIBRATED,
    Evidence,
    Readers,
    Weighing,
    measure_evidence,
)
from digitscan.records import Box, Gray
from digitscan.settings import ReadersSettings, Settings
from training.amounts import BLOCK_FILES, Amount, load_amounts
from training.logistic import Bools, Logistic, Reals, fit_logistic
from training.metrics import (
    accept_at_error,
    bin_confidences,
    estimate_calibration_error,
    trace_rejects,
)

USED: dict[Readers, tuple[str, ...]] = {
    Readers.CELLS: ("odds",),
    Readers.LATTICE: ("odds", "digit_quality", "clean", "suits"),
    Readers.STRINGS: ("strings_odds", "margin"),
    Readers.BOTH: ("odds", "agree"),
}
"""Measures that each set of readers is judged by. With both, three more that were tried had the
weight 0. With the quality of the lattice's path for each digit the held amounts come out no better
(log loss of folds not seen 0.154, without it 0.149), and amounts of cheques, longer and with other
commas, are doubted for it: 0.42 instead of 0.33, a quarter fewer accepted.
Digits in boxes come out as well without it (log loss 0.196, with it 0.195); of 26 readings of 40
cheques and ten forms by template 3,303 and 1,298 fields are accepted, 5 and none wrong, and with it
3,196 and 1,278, 5 and 1."""

SEED = 11
"""Of the variants."""

RIDGES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Tried by cross-validation; past 30 the weights of some hundred readings all but vanish."""

LABEL_NOISE = 0.02
"""1 to 3 % of the labels of the amounts in part `train` are wrong."""

FOLDS = 5
"""Blocks of 20 neighboring files are left out in turn: the 100 held amounts are five of them."""

VARIANTS = 4
"""Turned, scaled, blurred and recompressed copies of each crop. A hundred crops hold few errors: on
held amounts read by an early network the log loss of folds not seen was 0.478 without copies,
0.454 with two and 0.484 with eight; on copies 0.423, 0.405 and 0.403."""


PARTNERS = (1, 7)
"""Places from a crop to those that are written behind it. The crops have 3 to 6 digits; amounts
on cheques have up to 9, and a calibration that knew no such took them for too doubtful. On held
amounts as they are the log loss of folds not seen fell from 0.147 to 0.134, the calibration error
from 0.048 to 0.038."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Evidence for one crop and whether its label says that the reading is right.

    `crop` counts the crops in file order; `varied` is False for the crop as it is, alone.
    """

    crop: int
    varied: bool
    evidence: Evidence
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """A weighing, and how it does on readings that it was not fitted to."""

    weighing: Weighing
    ridge: float
    confidence: Reals
    right: Bools


def collect_samples(
    data: Path,
    parts: Sequence[str],
    readers: Readers,
    settings: Settings = Settings(),
    variants: int = VARIANTS,
) -> tuple[Sample, ...]:
    """Read the amounts of some parts, as they are, varied and spliced, with a set of readers.

    Crops in which no reader saw a digit are left out: they are rejected whatever the confidence.
    """
    switched = ReadersSettings(
        lattice=readers is not Readers.STRINGS,
        strings=readers not in (Readers.LATTICE, Readers.CELLS),
        lattice_weight=settings.readers.lattice_weight,
        strings_weight=settings.readers.strings_weight,
    )
    chosen = dataclasses.replace(settings, readers=switched)
    reader = load_reader(chosen, UNCALIBRATED)
    dice = np.random.default_rng(SEED)
    samples = []
    amounts = [amount for part in parts for amount in load_amounts(data, part)]
    for crop, amount in enumerate(amounts):
        truths = [amount.digits] * (1 + variants)
        if readers is Readers.CELLS:
            looks = [_box_digits(amount, chosen)]
        else:
            images = [amount.image, *(vary_crop(amount.image, dice) for _ in range(variants))]
            for other in _choose_partners(crop, amounts):
                images.append(splice(amount, other))
                truths.append(amount.digits + other.digits)
            looks = [make_line(image, chosen, FieldKind.AMOUNT) for image in images]
        for variant, considered in enumerate(read_lines(tuple(looks), reader, chosen)):
            if considered.evidence is not None:
                right = considered.reading.text == truths[variant]
                samples.append(Sample(crop, variant > 0, considered.evidence, right))
    return tuple(samples)


def _choose_partners(crop: int, amounts: Sequence[Amount]) -> list[Amount]:
    """Choose amounts of the same block of writers, which is always in the same fold."""
    first = crop // BLOCK_FILES * BLOCK_FILES
    block = amounts[first : first + BLOCK_FILES]
    return [block[(crop - first + step) % len(block)] for step in PARTNERS]


def _box_digits(amount: Amount, settings: Settings) -> Line:
    """Take a crop for a row of boxes, one around each digit, as a form would have them."""
    ink = estimate_ink(amount.image, settings.ink)
    inks = keep_own(ink, amount.boxes, settings.ink.threshold)
    pieces = join_cells(ink.shape, inks, amount.boxes)
    line = make_line(amount.image, settings, FieldKind.DIGITS)
    return dataclasses.replace(line, ink=pieces.ink, cells=pieces)


def keep_own(ink: Gray, boxes: Sequence[Box], threshold: int) -> list[Gray]:
    """Cut out the ink of each box without the strokes that hang in from its neighbors.

    On a form a digit has a box of its own; the boxes drawn around digits of an amount overlap.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
    boxes : sequence of Box
    threshold : int
        Ink from here on belongs to a stroke.

    Returns
    -------
    list of ndarray of uint8
        One a box, of its size; as it is where most of what it holds is joined to its neighbors.

    Examples
    --------
    >>> ink = np.zeros((4, 9), np.uint8)
    >>> ink[:, 1], ink[0, 3:9] = 255, 255
    >>> [cut[0].tolist() for cut in keep_own(ink, (Box(0, 0, 5, 4),), 128)]
    [[0, 255, 0, 0, 0]]
    """
    parts = find_components(ink >= threshold)
    kept = []
    for box in boxes:
        window = np.s_[box.top : box.bottom, box.left : box.right]
        labels = parts.labels[window]
        inside = np.bincount(labels.ravel(), minlength=len(parts.areas) + 1)[1:]
        is_own = 2 * inside > parts.areas
        is_alone = 2 * inside[is_own].sum() > inside.sum()
        # The soft edges of strokes are below the threshold, paper to the components.
        kept.append(ink[window] * np.append(True, is_own | ~is_alone)[labels])
    return kept


def vary_crop(gray: Gray, dice: np.random.Generator) -> Gray:
    """Turn, scale and shear a crop a little, change its gamma, blur and noise, and recompress it.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    dice : Generator

    Returns
    -------
    ndarray of uint8, shape (H', W')
        About the same size; nothing of the crop is lost but at the very edge.
    """
    height, width = gray.shape
    turn, scale = np.deg2rad(dice.normal(0.0, 1.2)), np.exp(dice.normal(0.0, 0.06))
    wide = scale * np.exp(dice.normal(0.0, 0.04))
    matrix = np.array(
        [
            [wide * np.cos(turn), dice.normal(0.0, 0.08) - scale * np.sin(turn)],
            [wide * np.sin(turn), scale * np.cos(turn)],
        ]
    )
    size = (int(width * max(1.0, wide)) + 2, int(height * max(1.0, scale)) + 2)
    move = np.array(size) / 2 - matrix @ (width / 2, height / 2) + dice.normal(0.0, 1.0, 2)
    varied = cv2.warpAffine(
        gray,
        np.column_stack([matrix, move]),
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    varied = 255.0 * (varied / 255.0) ** np.float32(np.exp(dice.normal(0.0, 0.15)))
    if dice.random() < 0.5:
        varied = cv2.GaussianBlur(varied, (0, 0), dice.uniform(0.2, 0.7))
    varied = varied + dice.normal(0.0, dice.uniform(0.0, 4.0), varied.shape)
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(60, 96)))
    coded = cv2.imencode(".jpg", np.clip(varied, 0, 255).astype(np.uint8), quality)[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def splice(first: Amount, second: Amount) -> Gray:
    """Write the digits of a second amount behind those of a first, as high and on their line.

    Parameters
    ----------
    first, second : Amount

    Returns
    -------
    ndarray of uint8, shape (H, W)
        As dark as the first crop where it shows paper.

    Examples
    --------
    >>> from digitscan.records import Box
    >>> paper = np.full((30, 40), 200, np.uint8)
    >>> one = Amount("a", paper, "1", (Box(10, 5, 20, 25),))
    >>> other = Amount("b", paper, "2", (Box(10, 10, 16, 20),))
    >>> splice(one, other).shape
    (60, 34)
    """
    (left, head), (right, tail) = _cut_sides(first), _cut_sides(second)
    size = np.median(head[:, 1] - head[:, 0]) / np.median(tail[:, 1] - tail[:, 0])
    wide, high = (max(1, round(size * length)) for length in right.shape[::-1])
    right = np.asarray(cv2.resize(right, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    level = np.median(left)
    down = round(float(np.median(head[:, 1]) - size * np.median(tail[:, 1])))
    top, bottom = min(0, down), max(left.shape[0], down + high)
    paper = np.full((bottom - top, left.shape[1] + wide), round(level), np.uint8)
    paper[-top : left.shape[0] - top, : left.shape[1]] = left
    moved = np.clip(right + (level - np.median(right)), 0, 255).astype(np.uint8)
    paper[down - top : down - top + high, left.shape[1] :] = moved
    return paper


def _cut_sides(amount: Amount) -> tuple[Gray, npt.NDArray[np.int64]]:
    """Cut a crop to the width of its digits, half a usual gap around; top and bottom of each."""
    across = np.array([(box.left, box.right) for box in amount.boxes])
    down = np.array([(box.top, box.bottom) for box in amount.boxes])
    gap = (
        max(2, round(float(np.median(across[1:, 0] - across[:-1, 1])) / 2)) if len(down) > 1 else 2
    )
    left, right = max(0, int(across[0, 0]) - gap), int(across[-1, 1]) + gap
    return amount.image[:, left:right], down


def fit_weighing(samples: Sequence[Sample], readers: Readers) -> Fit:
    """Fit the weighing of one set of readers; the ridge is chosen by cross-validation.

    Parameters
    ----------
    samples : sequence of Sample
        In file order, so that neighbors share a fold with their writer.
    readers : Readers

    Returns
    -------
    Fit
        `confidence` is what folds say that the fit did not see, of the crops as they are.
    """
    names = USED[readers]
    measured = [measure_evidence(sample.evidence) for sample in samples]
    values = np.array([[one[name] for name in names] for one in measured], np.float64)
    right = np.array([sample.right for sample in samples])
    crops = np.array([sample.crop for sample in samples])
    tried = {ridge: cross_validate(values, right, crops, ridge) for ridge in RIDGES}
    ridge = min(tried, key=lambda one: estimate_log_loss(tried[one], right))
    whole = fit_logistic(values, right, ridge, LABEL_NOISE)
    plain = np.array([not sample.varied for sample in samples])
    return Fit(_name_weighing(readers, whole), ridge, tried[ridge][plain], right[plain])


def cross_validate(
    values: Reals, right: Bools, crops: npt.NDArray[np.int64], ridge: float
) -> Reals:
    """Predict every block of neighboring crops by a fit to the other folds.

    Parameters
    ----------
    values : ndarray of float64, shape (N, F)
    right : ndarray of bool, shape (N,)
    crops : ndarray of int64, shape (N,)
        Number of the crop in file order; its variants go where it goes.
    ridge : float

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    ValueError
        If all crops are one block.
    """
    fold = crops // BLOCK_FILES % FOLDS
    if np.unique(fold).size < 2:
        raise ValueError(f"{len(np.unique(crops))} crops are one block: too few to cross-validate")
    predicted = np.zeros(len(values))
    for one in np.unique(fold):
        seen = fold != one
        model = fit_logistic(values[seen], right[seen], ridge, LABEL_NOISE)
        predicted[~seen] = model.predict(values[~seen])
    return predicted


def estimate_log_loss(confidence: Reals, right: Bools) -> float:
    """Average the surprise at the labels, given that `LABEL_NOISE` of the right ones are wrong.

    Examples
    --------
    >>> bool(estimate_log_loss(np.array([0.5]), np.array([False])) < np.log(2))
    True
    """
    stated = np.clip((1.0 - LABEL_NOISE) * confidence, 1e-12, 1.0 - 1e-12)
    return float(-np.mean(np.where(right, np.log(stated), np.log1p(-stated))))


def list_figures(fit: Fit, parts: Sequence[str]) -> list[tuple[str, float, str]]:
    """Measure a fit on the folds that it did not see: metric, value, set."""
    readers = fit.weighing.readers.value
    where = f"amounts {'+'.join(parts)}, cross-validated, {len(fit.right)} readings, {readers}"
    curve = trace_rejects(fit.confidence, fit.right)
    figures = {
        "exact": float(fit.right.mean()),
        "ece": estimate_calibration_error(bin_confidences(fit.confidence, fit.right)),
        "log_loss": estimate_log_loss(fit.confidence, fit.right),
        "read_at_1_percent_error": accept_at_error(curve, 0.01),
    }
    return [(metric, round(value, 4), where) for metric, value in figures.items()]


def _name_weighing(readers: Readers, model: Logistic) -> Weighing:
    # Six digits are far finer than the data, and keep the file readable.
    weights = tuple(round(weight, 6) for weight in model.weights)
    return Weighing(readers, round(model.bias, 6), USED[readers], weights)
