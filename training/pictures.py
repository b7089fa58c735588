"""Pictures of measurements, as PNG bytes: matplotlib without a display and without pyplot."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscan.records import Gray
from training.metrics import CalibrationBins, Ints, RejectCurve

DPI = 110
SHEET_COLUMNS = 10
CELL_PX = 120
MARGIN_PX = 6
TITLE_PX = 36
"""Of the sheet of mistakes: columns, side of a picture with its margin, height of two lines."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One tile that was named wrongly, for human eyes.

    Attributes
    ----------
    tile : ndarray of float32, shape (28, 28)
        What the network saw: 0.0 paper to 1.0 ink.
    crop : ndarray of uint8, shape (H, W), or None
        The same place on the scan, gray, where there is one.
    truth, named : str
        Labels.
    confidence : float
        What the network gave the wrong label.
    origin : str
        Where the tile is from.
    """

    tile: npt.NDArray[np.float32]
    crop: Gray | None
    truth: str
    named: str
    confidence: float
    origin: str


def draw_confusions(confusions: Ints, labels: Sequence[str]) -> bytes:
    """Draw a confusion matrix: truth downwards, the given name across; mistakes are colored.

    Parameters
    ----------
    confusions : ndarray of int64, shape (C, C)
        Row is the truth, column the prediction.
    labels : sequence of str
        C names.

    Returns
    -------
    bytes
        PNG.
    """
    figure, axes = _start(6.4, 5.8)
    # The diagonal is a thousand times the rest: color shows mistakes only, numbers show all.
    wrong = confusions * (1 - np.eye(len(labels), dtype=np.int64))
    axes.imshow(wrong, cmap="Reds", vmin=0, vmax=max(1, int(wrong.max())))
    for row, column in np.ndindex(confusions.shape):
        count = int(confusions[row, column])
        if count:
            dark = wrong[row, column] > 0.6 * wrong.max() and row != column
            axes.text(
                column, row, str(count), ha="center", va="center", fontsize=7,
                color="white" if dark else "black",
            )  # fmt: skip
    places = range(len(labels))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.set_xlabel("named")
    axes.set_ylabel("true")
    return encode_figure(figure)


def draw_reliability(bins: CalibrationBins, counted: str = "tiles") -> bytes:
    """Draw accuracy over stated confidence, with the number counted in each bin below."""
    figure = Figure(figsize=(5.4, 5.4), dpi=DPI, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    centers = (np.arange(bins.count.size) + 0.5) / bins.count.size
    width = 0.9 / bins.count.size
    full = bins.count > 0
    upper.bar(centers[full], bins.accuracy[full], width=width, color="tab:blue", alpha=0.7)
    upper.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle="--")
    upper.plot(bins.confidence[full], bins.accuracy[full], "o", color="tab:red", markersize=4)
    upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    lower.bar(centers, bins.count, width=width, color="gray")
    lower.set(xlabel="stated confidence", ylabel=counted, yscale="symlog")
    return encode_figure(figure)


def draw_rejects(
    curves: Mapping[str, RejectCurve], counted: str = "tiles", most_withheld: float = 20.0
) -> bytes:
    """Draw the error among what is accepted over the share withheld, a line per set.

    Parameters
    ----------
    curves : mapping of str to RejectCurve
        By the name of the set.
    counted : str
        What is accepted or withheld.
    most_withheld : float
        Percent at the right end of the picture.

    Returns
    -------
    bytes
        PNG.
    """
    figure, axes = _start(6.4, 4.2)
    for name, curve in curves.items():
        axes.step(100 * (1 - curve.accepted), 100 * curve.error, where="post", label=name)
    axes.set(xlabel=f"withheld, % of {counted}", ylabel=f"wrong, % of accepted {counted}")
    axes.set_xlim(0, most_withheld)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if curves:
        axes.legend()
    return encode_figure(figure)


def draw_mistakes(mistakes: Sequence[Mistake]) -> bytes:
    """Draw a sheet of mistakes, in the order given: the crop above, the tile below it.

    Parameters
    ----------
    mistakes : sequence of Mistake
        At least one.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    if not mistakes:
        raise ValueError("a sheet of mistakes wants at least one mistake")
    crops = any(mistake.crop is not None for mistake in mistakes)
    high = CELL_PX * (2 if crops else 1) + TITLE_PX
    lines = -(-len(mistakes) // SHEET_COLUMNS)
    sheet, figure, axes = start_sheet(lines * high, SHEET_COLUMNS * CELL_PX)
    for place, mistake in enumerate(mistakes):
        top, left = place // SHEET_COLUMNS * high, place % SHEET_COLUMNS * CELL_PX
        axes.text(
            left + CELL_PX / 2,
            top + 4,
            f"{mistake.truth} as {mistake.named}\n{mistake.confidence:.2f}  {mistake.origin}",
            ha="center",
            va="top",
            fontsize=7,
        )
        if mistake.crop is not None:
            _paste(sheet, mistake.crop, top + TITLE_PX, left)
        tile = np.rint(255 * (1 - mistake.tile)).astype(np.uint8)
        _paste(sheet, tile, top + high - CELL_PX, left)
    return encode_sheet(sheet, figure, axes)


def start_sheet(height_px: int, width_px: int) -> tuple[Gray, Figure, Axes]:
    """Start a sheet of pictures: white paper, and axes over it in whose pixels text is set."""
    sheet = np.full((height_px, width_px), 255, np.uint8)
    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    return sheet, figure, axes


def encode_sheet(sheet: Gray, figure: Figure, axes: Axes) -> bytes:
    """Lay the paper under its texts and encode both as PNG."""
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    return encode_figure(figure)


def draw_trials(
    values: npt.NDArray[np.float64], settings: Mapping[str, npt.NDArray[np.float64]], title: str
) -> bytes:
    """Draw what a search tried: the value by trial with the best so far, then by each setting.

    Parameters
    ----------
    values : ndarray of float64, shape (T,)
        What was maximized, in the order tried; nan for a trial that was given up.
    settings : mapping of str to ndarray of float64, shape (T,)
        Each setting's value in the same trials; nan where a trial had none.
    title : str
        What the value is.

    Returns
    -------
    bytes
        PNG.
    """
    panels: dict[str, npt.NDArray[np.float64]] = {"trial": np.arange(values.size, dtype=float)}
    panels |= settings
    columns = min(3, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.8 * lines), dpi=DPI, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, places) in zip(grid.flat, panels.items(), strict=False):
        axes.plot(places, values, "o", color="tab:blue", markersize=5)
        positive = places[np.isfinite(places)]
        # Settings searched over decades, such as a learning rate, are read on decades.
        if name != "trial" and positive.size and 0 < 20 * positive.min() < positive.max():
            axes.set_xscale("log")
        axes.set_xlabel(name)
        axes.grid(alpha=0.3)
    if np.isfinite(values).any():
        best = np.fmax.accumulate(values)
        grid[0, 0].step(panels["trial"], best, where="post", color="tab:orange")
    for axes in grid[:, 0]:
        axes.set_ylabel(title)
    return encode_figure(figure)


def encode_figure(figure: Figure) -> bytes:
    """Encode as PNG, without matplotlib's version in it: equal numbers give equal bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _paste(sheet: Gray, image: Gray, top: int, left: int) -> None:
    """Set an image into a cell of the sheet, as large as it fits, with a margin."""
    room = CELL_PX - 2 * MARGIN_PX
    scale = room / max(image.shape)
    width, height = (max(1, round(side * scale)) for side in (image.shape[1], image.shape[0]))
    large = cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST)
    row, column = top + (CELL_PX - height) // 2, left + (CELL_PX - width) // 2
    sheet[row : row + height, column : column + width] = large


def _start(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return figure, figure.subplots()
