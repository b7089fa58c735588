"""Drawn numbers and pages whose boxes are known, and a classifier that knows the drawn digits."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.normalize import FRAME_PX, normalize_tile, normalize_tiles
from digitscan.reader import Reader
from digitscan.recognition.confidence import UNCALIBRATED
from digitscan.records import Box, Floats, Gray, Page, PageRef

PAPER = 232
PEN = 40
FONT = cv2.FONT_HERSHEY_SIMPLEX
LETTERS = "abcdefghkmnprtuwxyzABCDEFGHKMNPRTUWXYZ"
SHEET = (
    ("Name", "Walter Knapp"),
    ("Number", "3473"),
    ("Street", "Harvey Range"),
    ("Branch", "774343"),
    ("Remark", "Warrant Fee"),
)
SHEET_NUMBERS = ("3473", "774343")


def measure_text(height_px: float) -> tuple[float, int]:
    """Return font scale and thickness of a stroke for capitals `height_px` high."""
    thickness = max(1, round(height_px / 10))
    return cv2.getFontScaleFromHeight(FONT, round(height_px), thickness), thickness


def write_text(
    image: Gray, text: str, left: float, baseline: float, height_px: float
) -> tuple[Box, ...]:
    """Write on an image and return the box of each character's ink."""
    scale, thickness = measure_text(height_px)
    room = round(2 * height_px)
    boxes = []
    for character in text:
        if character != " ":
            x, y = round(left) - room // 4, round(baseline) - 3 * room // 4
            stamp = np.zeros((room, room), np.uint8)
            place = (room // 4, 3 * room // 4)
            cv2.putText(stamp, character, place, FONT, scale, 255, thickness, cv2.LINE_AA)
            own_x, own_y, width, height = cv2.boundingRect((stamp > 127).view(np.uint8))
            boxes.append(Box(x + own_x, y + own_y, x + own_x + width, y + own_y + height))
            paper = image[y : y + room, x : x + room]
            shade = stamp[: paper.shape[0], : paper.shape[1]].astype(np.float32) / 255
            paper[:] = np.rint(paper * (1 - shade) + PEN * shade).astype(np.uint8)
        left += cv2.getTextSize(character, FONT, scale, thickness)[0][0]
    return tuple(boxes)


def draw_crop(text: str, height_px: float = 28) -> tuple[Gray, tuple[Box, ...]]:
    """Draw the crop of one field, and return it with the box of each character."""
    width = round(height_px * (len(text) + 2))
    crop = np.full((round(height_px * 2), max(1, width)), PAPER, np.uint8)
    return crop, write_text(crop, text, height_px, height_px * 1.5, height_px)


def draw_sheet(height_px: float = 20) -> tuple[Gray, tuple[Box, ...]]:
    """Draw a sheet of words and two numbers, and return it with the boxes of the numbers."""
    sheet = np.full((round(height_px * 17), round(height_px * 26)), PAPER, np.uint8)
    found = []
    for row, (name, value) in enumerate(SHEET):
        baseline = height_px * (3 + 3 * row)
        write_text(sheet, name, height_px * 2, baseline, height_px)
        boxes = write_text(sheet, value, height_px * 11, baseline, height_px)
        if value in SHEET_NUMBERS:
            found.append(surround(boxes))
    return sheet, tuple(found)


def surround(boxes: tuple[Box, ...]) -> Box:
    """Return the box around boxes."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def covers(outer: Box, inner: Box, slack_px: int = 2) -> bool:
    """Say whether a box holds another, give or take the edge of a stroke."""
    return (
        outer.left <= inner.left + slack_px
        and outer.top <= inner.top + slack_px
        and outer.right >= inner.right - slack_px
        and outer.bottom >= inner.bottom - slack_px
    )


def make_page(image: Gray, orientation: int = 1) -> Page:
    """Make a page of an image."""
    return Page(PageRef("drawn.png", 1, "drawn.png"), image, 200.0, orientation)


class DrawnDigits:
    """Names a tile by the drawn character that it is most like; letters are rubbish.

    So are digits that lie on their side or stand on their head, and whatever is like no character.
    """

    def __init__(self) -> None:
        tiles: list[Floats] = []
        labels: list[int] = []
        for character in "0123456789" + LETTERS:
            for height_px in (14, 20, 40):
                tile = normalize_tile(draw_ink(character, height_px))
                turned = [np.rot90(tile, quarters) for quarters in (1, 2, 3)]
                tiles += [tile, *(turned if character in "347" else [])]
                own = int(character) if character.isdigit() else 10
                labels += [own] + [10] * (len(turned) if character in "347" else 0)
        self._templates = _flatten(np.stack(tiles))
        self._labels = np.array(labels)

    def classify(self, tiles: Floats) -> Floats:
        """Return probabilities (N, 11) for tiles (N, 28, 28, 1)."""
        alike = _flatten(tiles.reshape(-1, 28, 28)) @ self._templates.T
        scores = np.full((len(tiles), 11), 0.0, np.float32)
        scores[:, 10] = 0.8
        for label in range(11):
            best = alike[:, self._labels == label].max(axis=1, initial=0)
            scores[:, label] = np.maximum(scores[:, label], best)
        raised = np.exp(60 * (scores - scores.max(axis=1, keepdims=True, initial=0)))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def load_drawn_reader() -> Reader:
    """Make a reader of the drawn digits, without a string reader and without MICR."""
    drawn = DrawnDigits()
    return Reader(
        drawn, screen=drawn, words=None, strings=None, e13b=None, calibration=UNCALIBRATED
    )


def tile_of(character: str, height_px: float = 20) -> Floats:
    """Return the tile (1, 28, 28, 1) of one drawn character."""
    return normalize_tiles([draw_ink(character, height_px)])


def draw_ink(character: str, height_px: float) -> Gray:
    """Draw one character as ink strength, 0 paper to 255 full ink."""
    crop, _ = draw_crop(character, height_px)
    return np.rint((PAPER - crop.astype(np.float32)) * 255 / (PAPER - PEN)).astype(np.uint8)


def _flatten(tiles: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Blur tiles and bring them to length 1: what the comparison is by."""
    flat = np.array([cv2.GaussianBlur(tile, (0, 0), 1.0) for tile in tiles], np.float32)
    flat = flat.reshape(len(tiles), FRAME_PX * FRAME_PX)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))
