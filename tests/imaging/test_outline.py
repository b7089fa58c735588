"""Sheets on dark ground are straightened where they are seen in perspective, and only there."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.cut_off import find_ground
from digitscan.imaging.outline import straighten_sheet
from digitscan.records import Gray

SIZE = (900, 400)
CORNERS = np.array([[0, 0], [900, 0], [900, 400], [0, 400]], np.float32)


def draw_sheet() -> Gray:
    sheet = np.full((SIZE[1], SIZE[0]), 225, np.uint8)
    for row in range(90, 400, 90):
        cv2.putText(sheet, "4711 0815 2359 17", (60, row), cv2.FONT_HERSHEY_SIMPLEX, 2, (40,), 4)
    return sheet


def photograph(corners: npt.NDArray[np.float32]) -> tuple[Gray, npt.NDArray[np.float64]]:
    """Lay the sheet on a dark table, its corners clockwise from the upper left."""
    way = cv2.getPerspectiveTransform(CORNERS, corners)
    table = np.full((700, 1200), 18, np.uint8)
    cv2.warpPerspective(
        draw_sheet(), way, (1200, 700), table, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
    )
    return table, np.asarray(way, np.float64)


@pytest.mark.parametrize(
    "corners",
    [
        [[120, 140], [1050, 90], [1090, 520], [100, 560]],
        [[150, 100], [1000, 180], [980, 560], [130, 600]],
        [[200, 150], [1010, 150], [1100, 600], [100, 600]],
    ],
)
def test_perspective_is_taken_out(corners: list[list[int]]) -> None:
    places = np.array(corners, np.float32)
    photo, _ = photograph(places)
    straight, way = straighten_sheet(photo, find_ground(photo))
    ends = np.array([[0, 0, 1], [straight.shape[1], 0, 1], [*straight.shape[::-1], 1]]) @ way.T
    assert np.abs(ends[:, :2] / ends[:, 2:] - places[:3]).max() < 8
    # All of the sheet and nothing of the table: the pen has a gray of 40, the table 18.
    assert np.mean(straight[16:-16, 16:-16] < 30) < 0.002
    assert 0.7 < straight.shape[1] / straight.shape[0] / (SIZE[0] / SIZE[1]) < 1.4


def turn(angle_deg: float) -> Gray:
    way = cv2.getRotationMatrix2D((450, 200), angle_deg, 1.0)
    way[:, 2] += (150, 150)
    ends = CORNERS @ way[:, :2].T + way[:, 2]
    return photograph(ends.astype(np.float32))[0]


def fold() -> Gray:
    photo, _ = photograph(np.array([[120, 140], [1050, 90], [1090, 520], [100, 560]], np.float32))
    return np.asarray(
        cv2.fillPoly(photo, [np.array([[1060, 60], [860, 60], [1090, 330]])], (18,)), np.uint8
    )


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(draw_sheet(), id="no-ground"),
        pytest.param(turn(0.0), id="straight"),
        pytest.param(turn(6.0), id="turned"),
        pytest.param(fold(), id="folded"),
        pytest.param(np.zeros((300, 500), np.uint8), id="black"),
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-pixel"),
    ],
)
def test_other_pictures_stay(photo: Gray) -> None:
    straight, way = straighten_sheet(photo, find_ground(photo))
    assert straight is photo
    assert np.array_equal(way, np.eye(3))
