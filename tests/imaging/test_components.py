"""Components, counted by eye."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.components import (
    estimate_stroke_width,
    estimate_text_height,
    find_components,
    find_outlines,
)
from digitscan.records import Mask


def picture(*rows: str) -> Mask:
    """A mask from rows of text, # is ink."""
    return np.array([[sign == "#" for sign in row] for row in rows], bool)


@pytest.mark.parametrize(
    ("mask", "boxes", "areas"),
    [
        pytest.param(picture("."), [], [], id="one-pixel-of-paper"),
        pytest.param(picture("...", "..."), [], [], id="paper"),
        pytest.param(picture("#"), [[0, 0, 1, 1]], [1], id="one-pixel"),
        pytest.param(picture("###", "###"), [[0, 0, 3, 2]], [6], id="all-ink"),
        pytest.param(picture("#..", ".#.", "..#"), [[0, 0, 3, 3]], [3], id="corner-to-corner"),
        pytest.param(picture("#.#", "#.#"), [[0, 0, 1, 2], [2, 0, 3, 2]], [2, 2], id="two-strokes"),
        pytest.param(picture("###.", "#.#.", "####"), [[0, 0, 4, 3]], [9], id="hole"),
        pytest.param(
            picture("#####", "#...#", "#.#.#", "#...#", "#####"),
            [[0, 0, 5, 5], [2, 2, 3, 3]],
            [16, 1],
            id="dot-in-a-ring",
        ),
    ],
)
def test_components_by_eye(mask: Mask, boxes: list[list[int]], areas: list[int]) -> None:
    parts = find_components(mask)
    assert parts.boxes.tolist() == boxes
    assert parts.boxes.shape == (len(boxes), 4)
    assert parts.areas.tolist() == areas
    assert np.array_equal(parts.labels > 0, mask)
    assert parts.widths.tolist() == [right - left for left, _, right, _ in boxes]
    assert parts.heights.tolist() == [bottom - top for _, top, _, bottom in boxes]


def test_labels_and_boxes_speak_of_the_same_ink() -> None:
    mask = np.random.default_rng(3).random((40, 60)) < 0.2
    mask.setflags(write=False)
    parts = find_components(mask)
    for index, (left, top, right, bottom) in enumerate(parts.boxes):
        own = parts.labels == index + 1
        rows, columns = np.nonzero(own)
        assert (columns.min(), rows.min()) == (left, top)
        assert (columns.max() + 1, rows.max() + 1) == (right, bottom)
        assert own.sum() == parts.areas[index]


def test_a_turned_view_is_read_as_its_copy() -> None:
    mask = picture("#..#", "#...")
    assert find_components(mask.T).boxes.tolist() == [[0, 0, 2, 1], [0, 3, 1, 4]]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        pytest.param([], 0.0, id="none"),
        pytest.param([7], 7.0, id="one"),
        pytest.param([30] * 3 + [2] * 40, 30.0, id="specks-outnumber-digits"),
        pytest.param([30] * 8 + [100], 30.0, id="one-tall-wall"),
    ],
)
def test_text_height_is_that_of_the_digits(heights: list[int], expected: float) -> None:
    assert estimate_text_height(np.array(heights, np.int32)) == expected


@pytest.mark.parametrize("width", [2, 3, 6, 9])
@pytest.mark.parametrize("turn", [False, True])
def test_stroke_width_is_that_of_a_bar(width: int, turn: bool) -> None:
    bar = np.zeros((200, 30), bool)
    bar[:, 10 : 10 + width] = True
    found = estimate_stroke_width(bar.T if turn else bar)
    # Bars that stand straight come out wider by a fifth: half way to the ones at 45 degrees.
    assert width <= found <= 1.25 * width


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        pytest.param(picture("..", ".."), 0.0, id="paper"),
        pytest.param(picture("#"), 0.6, id="one-pixel"),
    ],
)
def test_stroke_width_of_next_to_nothing(mask: Mask, expected: float) -> None:
    assert estimate_stroke_width(mask) == pytest.approx(expected, abs=0.05)


def test_outlines_are_those_of_the_components() -> None:
    mask = np.random.default_rng(5).random((60, 90)) < 0.3
    parts = find_components(mask)
    boxes = [cv2.boundingRect(outline) for outline in find_outlines(mask)]
    corners = [[x, y, x + width, y + height] for x, y, width, height in boxes]
    assert sorted(corners) == sorted(parts.boxes.tolist())
    assert find_outlines(np.zeros((5, 5), bool)) == []
