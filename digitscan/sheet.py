"""Draw the misread crops of a results file side by side, for human eyes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitscan.errors import OutputError, ScanError
from digitscan.names import printable
from digitscan.records import Gray, Page, PageRef
from digitscan.scans import load_page
from digitscan.settings import ScanSettings
from digitscan.truth import ResultRow, Scored

MOST_CROPS = 240
"""Crops on one sheet: 60 rows of four, some 7,000 px high, which every viewer still opens."""

_COLUMNS = 4
_CROP_HEIGHT_PX, _CROP_WIDTH_PX = 72, 300
_LINE_PX, _GAP_PX = 20, 10
_MARGIN_SHARE = 0.15  # of the crop's height, around it: what stood beside the writing
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.45


@dataclass(frozen=True, slots=True)
class Misread:
    """The crop of a misread number, uint8 (h, w), and what stands below it."""

    crop: Gray
    caption: str


def find_misread(scored: Sequence[Scored]) -> tuple[Scored, ...]:
    """Take the wrong readings, the surest first: those do the most harm.

    Readings without a row are left out, as there is nothing to cut out.
    """
    wrong = [item for item in scored if item.row is not None and not item.right]
    ordered = sorted(wrong, key=lambda item: -item.row.confidence if item.row else 0.0)
    return tuple(ordered[:MOST_CROPS])


def load_crops(
    wrong: Sequence[Scored],
    scans: Mapping[str, str],
    settings: ScanSettings = ScanSettings(),
) -> tuple[Misread, ...]:
    """Cut the misread numbers out of their pages; every page is decoded once.

    Parameters
    ----------
    wrong : sequence of Scored
    scans : mapping of str to str
        Path of each scan by the name that the results give it.
    settings : ScanSettings

    Returns
    -------
    tuple of Misread
        In the order of `wrong`; readings whose scan is not there or cannot be read are left out.
    """
    pages: dict[tuple[str, int], list[int]] = {}
    for place, item in enumerate(wrong):
        if item.row is not None and item.row.file in scans:
            pages.setdefault((item.row.file, item.row.page), []).append(place)
    crops: dict[int, Misread] = {}
    for (name, number), places in pages.items():
        try:
            page = load_page(PageRef(scans[name], number, name), settings)
        except ScanError:
            continue
        for place in places:
            row = wrong[place].row
            assert row is not None  # pages holds readings with a row only
            caption = f"{wrong[place].true} read {row.text or '-'} {row.confidence:.2f}"
            crops[place] = Misread(_cut(page, row), caption)
    return tuple(crops[place] for place in sorted(crops))


def draw_sheet(crops: Sequence[Misread]) -> Gray:
    """Draw crops in rows of four, each with its caption below.

    Parameters
    ----------
    crops : sequence of Misread

    Returns
    -------
    ndarray of uint8, shape (H, W)
        White paper; one empty cell where there is no crop.
    """
    cell_width, cell_height = _CROP_WIDTH_PX + _GAP_PX, _CROP_HEIGHT_PX + _LINE_PX + _GAP_PX
    rows = max(1, -(-len(crops) // _COLUMNS))
    sheet = np.full((rows * cell_height + _GAP_PX, _COLUMNS * cell_width + _GAP_PX), 255, np.uint8)
    for place, item in enumerate(crops):
        top = _GAP_PX + place // _COLUMNS * cell_height
        left = _GAP_PX + place % _COLUMNS * cell_width
        crop = _fit(item.crop)
        sheet[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
        text = item.caption.encode("ascii", "replace").decode("ascii")[:36]
        origin = (left, top + _CROP_HEIGHT_PX + _LINE_PX - 5)
        cv2.putText(sheet, text, origin, _FONT, _FONT_SCALE, 0, 1, cv2.LINE_AA)
    return sheet


def write_sheet(path: Path, sheet: Gray) -> None:
    """Write a sheet as PNG.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    data = cv2.imencode(".png", sheet)[1].tobytes()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(
            f"{printable(str(path))} cannot be written: {error.strerror}; choose another --sheet"
        ) from None


def _cut(page: Page, row: ResultRow) -> Gray:
    """Cut the reading's box with a margin; the whole page where the row names no box on it."""
    image, box = page.image, row.box
    if box is None:
        return image
    # Boxes are in pixels of the file, and a fax is stretched when it is loaded.
    height, width = page.stored_shape or image.shape
    down, across = image.shape[0] / height, image.shape[1] / width
    margin = _MARGIN_SHARE * (box.bottom - box.top)
    top, left = (
        max(0, round((box.top - margin) * down)),
        max(0, round((box.left - margin) * across)),
    )
    bottom, right = round((box.bottom + margin) * down), round((box.right + margin) * across)
    crop = image[top:bottom, left:right]
    return crop if crop.size else image


def _fit(crop: Gray) -> Gray:
    scale = min(_CROP_HEIGHT_PX / crop.shape[0], _CROP_WIDTH_PX / crop.shape[1])
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, size, interpolation=way), np.uint8)
