"""Which stretches of a line may be numbers, told from letters, marks and specks."""

from dataclasses import replace

import numpy as np
import pytest

from digitscan.imaging.components import find_components
from digitscan.imaging.numbers import drop_strays, find_numbers
from digitscan.imaging.regions import Lines
from digitscan.records import Box

PART = {"d": (8, 12), "x": (8, 12), "w": (24, 12), "-": (6, 2), ".": (2, 2), "h": (8, 8)}
PART |= {"i": (3, 12), "q": (8, 12), ",": (3, 6), "_": (6, 2), "c": (7, 9), "j": (9, 18)}
"""Width and height of what a letter of a picture stands for."""
SHARE = {"d": 0.99, "x": 0.02, "w": 0.1, "-": np.nan, ".": np.nan, "h": 0.99}
SHARE |= {"i": 0.99, "q": 0.4, ",": 0.3, "_": np.nan, "c": 0.01, "j": 0.02}
"""d digit, x letter, w digits that touch, - dash, . dot, h a digit of two thirds the height,
i a stroke like a 1, c a hooked comma that reaches above the middle,
j a digit with a comma hanging on it."""
RAISED = {"-": 4, ",": -4, "_": -5, "c": -4, "j": -4}
"""How far above the line a part stands."""


def lay_out(*rows: str) -> tuple[Lines, np.ndarray]:
    """Set rows of parts on a page, 3 px apart; a space is 12 px wide."""
    mask = np.zeros((30 * len(rows) + 10, 400), bool)
    lines, share = [], []
    for place, row in enumerate(rows):
        left, bottom = 10, 30 * place + 25
        for sign in row:
            if sign == " ":
                left += 9
                continue
            width, height = PART[sign]
            raised = RAISED.get(sign, 0)
            mask[bottom - height - raised : bottom - raised, left : left + width] = True
            share.append((30 * place, left, SHARE[sign]))
            left += width + 3
    parts = find_components(mask)
    order = np.lexsort((parts.boxes[:, 0], parts.boxes[:, 3] // 30))
    known = np.array([value for _, _, value in sorted(share, key=lambda one: one[:2])], np.float32)
    shares = np.full(len(order), np.nan, np.float32)
    shares[order] = known
    rows_of = parts.boxes[order, 3] // 30
    lines = [order[rows_of == place] for place in range(len(rows))]
    return Lines(parts, tuple(line for line in lines if line.size)), shares


def count_members(*rows: str) -> list[int]:
    """Return how many parts each stretch has."""
    return [len(stretch.members) for stretch in find_numbers(*lay_out(*rows))]


def test_a_page_without_lines_has_no_number() -> None:
    empty = Lines(find_components(np.zeros((5, 5), bool)), ())
    assert find_numbers(empty, np.zeros(0, np.float32)) == ()


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        pytest.param("d", True, id="digit"),
        pytest.param("x", True, id="letter"),
        pytest.param("h", False, id="low"),
        pytest.param("i", False, id="narrow"),
        pytest.param("id", True, id="narrow-beside-another"),
    ],
)
def test_what_alone_is_no_digit_by_its_shape_is_dropped(row: str, kept: bool) -> None:
    lines, shares = lay_out("xxxx", row)
    rest = drop_strays(lines)
    assert len(rest.lines) == 1 + kept
    # No number is lost.
    boxes = [stretch.box for stretch in find_numbers(rest, shares)]
    assert boxes == [stretch.box for stretch in find_numbers(lines, shares)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("xxxxx", [], id="word"),
        pytest.param("...", [], id="dots"),
        pytest.param("dddd", [4], id="number"),
        pytest.param("d.ddd", [5], id="dot-inside"),
        pytest.param(".ddd-", [5], id="marks-at-the-ends"),
        pytest.param(".  ddd  -", [3], id="marks-far-from-the-ends"),
        pytest.param("xxx dd", [2], id="behind-a-word"),
        pytest.param("xxxdd", [], id="digits-glued-to-a-word"),
        pytest.param("ddxxx", [], id="word-glued-to-digits"),
        pytest.param("xxdddd", [4], id="four-digits-glued-to-a-word"),
        pytest.param("dd xx dd", [2, 2], id="word-between"),
        pytest.param("dwdd", [4], id="touching-digits"),
        pytest.param("xddd", [4], id="badly-written-digit-before"),
        pytest.param("xxddd", [], id="two-letters-before"),
        pytest.param("x  ddd", [3], id="letter-far-before"),
        pytest.param("xdwdd", [4], id="sign-before-touching-digits"),
        pytest.param("ddwdx", [5], id="badly-written-digit-behind-touching-ones"),
        pytest.param("xdd", [], id="letter-before-two-digits"),
        pytest.param("djddd", [5], id="comma-hanging-on-a-digit"),
        pytest.param("ddddjjdddd", [4, 4], id="two-high-components"),
        pytest.param("www", [], id="nothing-sure"),
        pytest.param("d,w,w,w", [7], id="groups-of-touching-digits"),
        pytest.param("d,wwww", [], id="one-comma-is-not-enough"),
        pytest.param("w,w,w", [], id="groups-and-nothing-sure"),
        pytest.param("d,wc,ww", [7], id="a-hooked-comma"),
        pytest.param("ddxdd", [5], id="badly-written-digit-between"),
        pytest.param("ddxxdd", [6], id="two-badly-written-digits-between"),
        pytest.param("ddxxxdd", [], id="a-word-between"),
        pytest.param("dddx", [4], id="a-badly-written-digit-at-the-end"),
        pytest.param("ddx", [], id="a-letter-at-the-end-of-two-digits"),
        pytest.param("ddq", [3], id="what-may-be-a-digit-beside-one"),
        pytest.param("qqq", [], id="what-may-be-digits-alone"),
        pytest.param("xqx", [], id="what-may-be-a-digit-in-a-word"),
        pytest.param("ddqdqdq", [], id="as-many-doubted-as-digits"),
        pytest.param("ddqdqdd", [7], id="some-doubted-among-digits"),
        pytest.param("xdwdd", [4], id="touching-digits-glued-to-a-letter"),
        pytest.param("dd_d_d", [4], id="specks-of-a-rule-below"),
        pytest.param("d xx", [1], id="lone-digit"),
        pytest.param("h xxxx", [], id="lone-and-small"),
        pytest.param("i xxxx", [], id="lone-stroke"),
    ],
)
def test_stretches_of_a_line(row: str, expected: list[int]) -> None:
    assert count_members(row) == expected


def test_stretches_come_in_reading_order_with_their_boxes() -> None:
    found = find_numbers(*lay_out("xx ddd xx dd", "dd"))
    assert [len(stretch.members) for stretch in found] == [3, 2, 2]
    assert found[0].box == Box(41, 13, 71, 25)
    assert found[0].height == 12
    assert [stretch.box.top for stretch in found] == [13, 13, 43]


def test_a_comma_joins_what_stands_apart() -> None:
    lines, share = lay_out("ddd , ddd")
    apart = [np.array(line) for line in np.split(lines.lines[0], [3, 4])]
    (joined,) = find_numbers(Lines(lines.parts, tuple(apart)), share)
    assert len(joined.members) == 7
    without = Lines(lines.parts, (apart[0], apart[2]))
    boxes = lines.parts.boxes.copy()
    boxes[apart[1], 1::2] -= 12
    raised = replace(lines.parts, boxes=boxes)
    assert len(find_numbers(replace(without, parts=raised), share)) == 2
