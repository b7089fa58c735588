"""The writing of a zone is kept; print, rules and specks beside it are not."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.zones import find_print, keep_writing
from digitscan.records import Box, Gray

ZONE = Box(60, 40, 360, 100)
SOLID = 112


def draw(text: str, left: int, ink: Gray | None = None) -> Gray:
    """Write figures of 40 px on a patch, ink strength 255."""
    drawn = np.zeros((140, 420), np.uint8) if ink is None else ink.copy()
    cv2.putText(drawn, text, (left, 90), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 255, 5)
    return drawn


def list_kept(ink: Gray, **known: Gray) -> list[int]:
    """Return the left edges of what is kept of a patch."""
    kept = keep_writing(ink, ZONE, SOLID, **known)[0] >= SOLID  # type: ignore[arg-type]
    _, _, stats, _ = cv2.connectedComponentsWithStats(kept.view(np.uint8))
    return sorted(stats[1:, 0].tolist())


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.zeros((140, 420), np.uint8), id="empty"),
        pytest.param(np.full((140, 420), 40, np.uint8), id="faint"),
    ],
)
def test_paper_holds_no_writing(ink: Gray) -> None:
    alone, on_rule, lacks_stroke = keep_writing(ink, ZONE, SOLID)
    assert not lacks_stroke
    assert not alone.any()
    assert on_rule is None


def test_digits_that_go_on_beyond_the_zone_stay() -> None:
    assert len(list_kept(draw("470", 280))) == 3


@pytest.mark.parametrize(
    ("top", "is_kept"),
    [
        pytest.param(48, True, id="a-one-that-its-comma-crosses"),
        pytest.param(2, False, id="a-wall-that-begins-above"),
    ],
)
def test_a_digit_that_a_comma_hangs_on_stays_beyond_the_zone(top: int, is_kept: bool) -> None:
    ink = draw("470", 80)
    cv2.line(ink, (66, top), (40, 130), 255, 4)
    assert (list_kept(ink)[0] < 60) is is_kept


def test_print_of_the_reference_beside_the_zone_goes_and_what_touches_it_stays() -> None:
    sign = draw("R", 18)
    printed, _ = find_print(draw("33", 200, sign), ZONE, SOLID)
    assert printed[:, :60].any()
    assert not printed[:, 100:].any()
    both = draw("470", 62, sign)
    assert list_kept(both)[0] < 30
    assert list_kept(both, printed=printed)[0] >= 59


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom", "is_kept"),
    [
        pytest.param(150, 84, 158, 104, True, id="comma"),
        pytest.param(150, 38, 158, 41, False, id="speck-above"),
        pytest.param(90, 106, 116, 110, False, id="rest-of-a-rule-below"),
        pytest.param(330, 84, 342, 88, False, id="far-beside"),
        pytest.param(170, 74, 190, 79, True, id="dash"),
        pytest.param(150, 70, 152, 72, False, id="dust"),
    ],
)
def test_low_ink_is_kept_where_a_mark_may_be(
    left: int, top: int, right: int, bottom: int, is_kept: bool
) -> None:
    ink = draw("47", 70)
    before = list_kept(ink)
    ink[top:bottom, left:right] = 255
    assert (len(list_kept(ink)) > len(before)) is is_kept


def test_a_comma_that_hangs_below_the_zone_stays() -> None:
    ink = draw("4  7", 70)
    ink[84:112, 130:137] = 255
    kept, _, _ = keep_writing(ink, Box(60, 40, 360, 92), SOLID)
    assert kept[110, 133] == 255


@pytest.mark.parametrize(
    ("left", "top", "bottom", "expected"),
    [
        pytest.param(255, 44, 90, True, id="beside-and-high"),
        pytest.param(255, 74, 90, False, id="beside-and-low"),
        pytest.param(255, 10, 125, False, id="a-wall"),
        pytest.param(300, 44, 90, False, id="away"),
    ],
)
def test_what_is_dropped_beside_the_writing_may_be_a_digit(
    left: int, top: int, bottom: int, expected: bool
) -> None:
    ink = draw("477", 120)
    ink[top:bottom, left : left + 8] = 255
    kept, _, lacks_stroke = keep_writing(ink, Box(60, 40, 230, 96), SOLID)
    assert not kept[:, left:].any()
    assert lacks_stroke is expected


def test_the_walls_of_the_zones_own_box_are_no_digits() -> None:
    """As tall as digits with a comma on them, and as near: read as a 1 before the number."""
    ink = np.zeros((140, 400), np.uint8)
    zone = Box(20, 30, 380, 110)
    cv2.rectangle(ink, (zone.left, zone.top), (zone.right, zone.bottom), 255, 3)
    for left in (50, 95, 140):
        cv2.putText(ink, "6", (left - 18, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.1, 255, 4)
    alone, _, lacks = keep_writing(ink, zone, 112)
    assert not alone[:, : zone.left + 8].any()
    assert not alone[:, zone.right - 8 :].any()
    assert alone[60:100, 50:180].any() and not lacks


def test_the_bar_of_a_5_that_stands_apart_is_kept() -> None:
    ink = np.zeros((140, 400), np.uint8)
    for left in (60, 120, 180):
        cv2.ellipse(ink, (left, 85), (16, 16), 0, -140, 130, 255, 4)
        cv2.line(ink, (left - 12, 56), (left - 14, 72), 255, 4)
        cv2.line(ink, (left - 10, 46), (left + 16, 46), 255, 4)
    alone, _, _ = keep_writing(ink, Box(20, 30, 380, 110), 112)
    assert all(alone[46, left] for left in (60, 120, 180))


def draw_percent(ink: Gray) -> None:
    cv2.putText(ink, "%", (320, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 3)


def write_number(ink: Gray, text: str = "66", left: int = 60) -> None:
    cv2.putText(ink, text, (left, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 4)


def test_print_within_the_zone_of_a_blank_form_is_no_writing() -> None:
    zone = Box(20, 50, 380, 110)
    blank, page = np.zeros((140, 400), np.uint8), np.zeros((140, 400), np.uint8)
    draw_percent(blank)
    draw_percent(page)
    write_number(page)
    _, within = find_print(blank, zone, 112)
    alone, _, lacks = keep_writing(np.roll(page, 2, axis=1), zone, 112, None, within)
    assert alone[:, 60:140].any() and not lacks
    assert not alone[:, 300:].any()


def test_a_digit_over_the_print_is_kept() -> None:
    zone = Box(20, 50, 380, 110)
    blank, page = np.zeros((140, 400), np.uint8), np.zeros((140, 400), np.uint8)
    draw_percent(blank)
    draw_percent(page)
    write_number(page, "6666666", 150)
    _, within = find_print(blank, zone, 112)
    alone, _, _ = keep_writing(page, zone, 112, None, within)
    assert alone[:, 330:].any()


def test_digits_on_a_line_of_dots_stay_whole() -> None:
    zone = Box(20, 40, 380, 110)
    blank = np.zeros((140, 400), np.uint8)
    for left in range(24, 380, 10):
        cv2.circle(blank, (left, 98), 3, 255, -1)
    page = blank.copy()
    cv2.line(page, (60, 58), (60, 97), 255, 4)
    write_number(page, "6", 90)
    _, within = find_print(blank, zone, 112)
    alone, _, _ = keep_writing(page, zone, 112, None, within)
    assert alone[60:95, 60].all()
    assert not alone[:, 150:].any()


def test_specks_of_crossing_rules_are_no_writing() -> None:
    ink = np.zeros((140, 400), np.uint8)
    for corner in ((22, 42), (376, 42), (22, 106)):
        cv2.circle(ink, corner, 3, 255, -1)
    alone, on_rule, lacks = keep_writing(ink, Box(20, 40, 380, 110), 112)
    assert not alone.any() and on_rule is None and not lacks


def test_a_wall_as_thick_as_a_pen_is_no_1() -> None:
    ink = np.zeros((140, 400), np.uint8)
    cv2.rectangle(ink, (20, 40), (380, 110), 255, 7)
    alone, _, _ = keep_writing(ink, Box(20, 40, 380, 110), 112)
    assert not alone.any()


def test_a_small_number_in_a_large_zone_is_kept() -> None:
    ink = np.zeros((140, 400), np.uint8)
    cv2.putText(ink, "47", (60, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    alone, _, _ = keep_writing(ink, Box(20, 10, 380, 130), 112)
    assert alone.any()
