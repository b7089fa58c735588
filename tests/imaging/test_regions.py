"""Components chain up to lines; rules and frames do not."""

import numpy as np
import pytest

from digitscan.imaging.components import find_components
from digitscan.imaging.regions import (
    find_lines,
    find_writing,
    measure_height,
    share_on_lines,
)
from digitscan.records import Mask
from digitscan.settings import RegionSettings

LARGE = (300, 600)
"""Of a page on which digits of 54 px are no drawings."""


def stamp(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (200, 300)) -> Mask:
    """A page of filled boxes: left, top, width, height."""
    mask = np.zeros(shape, bool)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = True
    return mask


def row(
    top: int, count: int, left: int = 10, step: int = 20, height: int = 16
) -> list[tuple[int, int, int, int]]:
    """A row of boxes 10 px wide."""
    return [(left + step * k, top, 10, height) for k in range(count)]


def read_lines(mask: Mask) -> list[list[list[int]]]:
    """Return left and top of the components of every line, the lines from the top down."""
    lines = find_lines(find_components(mask))
    corners = [lines.parts.boxes[line][:, :2].tolist() for line in lines.lines]
    return sorted(corners, key=lambda line: (line[0][1], line[0][0]))


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(np.zeros((1, 1), bool), id="one-pixel-of-paper"),
        pytest.param(np.ones((1, 1), bool), id="one-pixel"),
        pytest.param(np.zeros((200, 300), bool), id="paper"),
        pytest.param(np.ones((200, 300), bool), id="all-ink"),
        pytest.param(stamp((10, 10, 2, 2), (40, 10, 3, 3)), id="specks-alone"),
        pytest.param(stamp((10, 10, 200, 6)), id="rule"),
    ],
)
def test_a_page_without_writing_has_no_line(mask: Mask) -> None:
    lines = find_lines(find_components(mask))
    assert lines.lines == ()
    assert share_on_lines(lines) == 1.0


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([(10, 10, 10, 16)], [1], id="one-component"),
        pytest.param(row(10, 5), [5], id="one-row"),
        pytest.param(row(10, 5) + row(60, 3), [5, 3], id="two-rows"),
        pytest.param(row(10, 3) + row(10, 3, left=120), [3, 3], id="columns-far-apart"),
        pytest.param([*row(10, 3, height=12), (80, 4, 10, 32)], [1, 3], id="a-tall-wall-beside"),
        pytest.param([*row(10, 3), (80, 4, 10, 60)], [3], id="a-wall-higher-than-any-digit"),
        pytest.param([*row(10, 3), (70, 24, 10, 16)], [3, 1], id="too-low-to-be-a-neighbor"),
    ],
)
def test_neighbors_of_like_height_make_a_line(
    boxes: list[tuple[int, int, int, int]], expected: list[int]
) -> None:
    assert [len(line) for line in read_lines(stamp(*boxes))] == expected


def test_a_line_runs_from_left_to_right_with_its_marks() -> None:
    digits = row(20, 4)
    comma, dot_far_away = (42, 34, 3, 5), (250, 150, 3, 3)
    (line,) = read_lines(stamp(*digits, comma, dot_far_away))
    assert line == [[10, 20], [30, 20], [42, 34], [50, 20], [70, 20]]


def test_every_component_is_on_one_line_at_most() -> None:
    rng = np.random.default_rng(5)
    boxes = [
        (int(x), int(y), int(w), int(h))
        for x, y, w, h in zip(
            rng.integers(0, 280, 60),
            rng.integers(0, 180, 60),
            rng.integers(2, 14, 60),
            rng.integers(2, 18, 60),
            strict=True,
        )
    ]
    lines = find_lines(find_components(stamp(*boxes)))
    members = np.concatenate(lines.lines)
    assert len(np.unique(members)) == len(members)
    for line in lines.lines:
        assert (np.diff(lines.parts.boxes[line][:, 0]) >= 0).all()


def test_of_too_many_components_the_tallest_are_kept() -> None:
    mask = stamp(*row(10, 12, height=8), *row(60, 10, height=16))
    lines = find_lines(find_components(mask), RegionSettings(max_parts=10))
    assert [lines.parts.heights[line].tolist() for line in lines.lines] == [[16] * 10]


def test_the_share_on_lines_tells_which_way_a_page_lies() -> None:
    rows = [box for top in (20, 70, 120) for box in row(top, 10)]
    page = stamp(*rows)
    assert share_on_lines(find_lines(find_components(page))) == 1.0
    assert share_on_lines(find_lines(find_components(np.rot90(page)))) < 0.5


def test_rules_and_frames_go_and_writing_stays() -> None:
    writing = stamp(*row(60, 8))
    frame = stamp((2, 40, 296, 2), (2, 100, 296, 2), (2, 40, 2, 60), (296, 40, 2, 60))
    both = writing | frame
    both.setflags(write=False)
    clean = find_writing(both).parts.labels > 0
    assert (clean[writing]).all()
    # Where two rules cross, each is a stroke across the other: a speck is left.
    rest = find_components(clean & ~writing)
    assert rest.widths.max(initial=0) <= 3
    assert rest.heights.max(initial=0) <= 3
    assert find_writing(np.zeros((1, 1), bool)).parts.areas.size == 0


def test_a_straight_stroke_beside_digits_is_no_rule() -> None:
    # Longer than three small digits, as a wall is, between digits as high.
    digits = stamp((40, 40, 26, 56), (90, 41, 26, 55), shape=LARGE)
    stroke = stamp((75, 42, 4, 54), shape=LARGE)
    assert (find_writing(digits | stroke).parts.labels > 0)[stroke].all()
    # Where a pen pressed harder it is thicker than a rule, and only its rest is in danger.
    pressed = stroke | stamp((74, 62, 7, 12), shape=LARGE)
    assert (find_writing(digits | pressed).parts.labels > 0)[pressed].all()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([(10, 94, 280, 3)], id="on-a-rule"),
        pytest.param([(75, 10, 4, 130)], id="longer-than-the-digits"),
    ],
)
def test_walls_beside_digits_are_rules(other: list[tuple[int, int, int, int]]) -> None:
    digits = stamp((40, 40, 26, 50), (100, 41, 26, 49), shape=LARGE)
    wall = stamp((75, 42, 4, 54), *other, shape=LARGE)
    left = find_writing(digits | wall).parts.labels > 0
    assert not left[44:90, 75:79].any()


def test_a_frame_as_broad_as_the_pen_goes_and_the_digit_that_touches_it_stays() -> None:
    frame = stamp(
        (10, 30, 280, 6), (10, 94, 280, 6), (10, 30, 6, 70), (284, 30, 6, 70), shape=LARGE
    )
    digits = stamp((60, 44, 26, 50), (110, 50, 26, 38), (150, 46, 6, 40), shape=LARGE)
    writing = find_writing(frame | digits)
    parts, rules = writing.parts, writing.rules
    assert (parts.labels > 0)[digits].all()
    assert sorted(parts.boxes[parts.areas > 100, 0].tolist()) == [60, 110, 150]
    assert rules[32:35, 20:280].all()


def test_rules_are_as_broad_as_the_page_is_large() -> None:
    page = np.zeros((1700, 1800), bool)
    page[800:805, 100:1700] = True
    rules = find_writing(page).rules
    assert rules[802, 200:1600].all()


def test_a_lone_stroke_is_a_rule() -> None:
    stroke = stamp((75, 42, 4, 54), shape=LARGE)
    small = stamp((40, 70, 10, 12), (100, 70, 10, 12), shape=LARGE)
    assert not (find_writing(stroke | small).parts.labels > 0)[stroke].any()


def test_the_height_of_writing_is_that_of_its_lines() -> None:
    mask = np.zeros((120, 200), bool)
    for left in range(10, 90, 16):
        mask[20:32, left : left + 8] = True  # five letters in a line
    mask[60:100, 20:44] = mask[60:100, 60:84] = True  # two larger ones do not make one
    lines = find_lines(find_components(mask), RegionSettings())
    assert measure_height(lines) == 12.0
    assert measure_height(find_lines(find_components(mask[50:]), RegionSettings())) == np.inf


def test_a_printed_1_stays_where_the_tops_of_digits_pass_for_a_rule() -> None:
    mask = np.zeros((40, 140), bool)
    for left in range(10, 100, 9):  # seven px wide, two apart, their bars two thick
        mask[10:12, left : left + 7] = True
        mask[10:21, left : left + 2] = True
        mask[19:21, left : left + 7] = True
    mask[10:21, 103:105] = mask[10:12, 100:105] = True  # a 1 with a flag
    mask[30:32, 10:120] = True  # a rule that is thicker at one place
    mask[32:33, 60:70] = True
    parts = find_writing(mask).parts
    assert [103, 10, 105, 21] in parts.boxes.tolist()
    assert parts.boxes[:, 3].max() <= 21


@pytest.mark.parametrize("wide", [2, 4, 6])
def test_nothing_is_left_where_the_rules_of_a_table_cross(wide: int) -> None:
    page = np.zeros((400, 900), bool)
    for first in range(50, 400, 80):
        page[first : first + wide] = True
    for first in range(60, 900, 200):
        page[50 : 370 + wide, first : first + wide] = True
    dot = stamp((150, 140, 4, 4), shape=page.shape)
    parts = find_writing(page | dot, usual_px=16.0).parts
    assert parts.boxes[parts.areas > 0].tolist() == [[150, 140, 154, 144]]
