"""A page is laid on its reference through shift, scale and perspective; others are refused."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.page_features import describe_page
from digitscan.imaging.register import find_form, register_page

Gray = npt.NDArray[np.uint8]


def _draw_form(seed: int, height: int = 500, width: int = 1000) -> Gray:
    """Draw a form of its own: words and boxes at places that the seed chooses."""
    rng = np.random.default_rng(seed)
    page = np.full((height, width), 235, np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(20, width - 160)), int(rng.integers(30, height - 20))
        word = "".join(chr(code) for code in rng.integers(65, 91, 7))
        cv2.putText(page, word, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 30, 2)
    for _ in range(8):
        x, y = int(rng.integers(20, width - 200)), int(rng.integers(30, height - 80))
        cv2.rectangle(page, (x, y), (x + 150, y + 40), 60, 2)
    return page


def _measure(found: npt.NDArray[np.float64], true: npt.NDArray[np.float64]) -> float:
    """Return the greatest distance in pixels between two ways over the form."""
    grid = np.array([[[x, y]] for x in range(50, 1000, 90) for y in range(50, 500, 90)], np.float64)
    ends = cv2.perspectiveTransform(grid, found), cv2.perspectiveTransform(grid, true)
    return float(np.linalg.norm(ends[0] - ends[1], axis=2).max())


def _turned(angle_deg: float, scale: float, shift: tuple[float, float]) -> npt.NDArray[np.float64]:
    way = cv2.getRotationMatrix2D((500, 250), angle_deg, scale)
    return np.vstack([way + np.array([[0, 0, shift[0]], [0, 0, shift[1]]]), [0, 0, 1]])


WAYS = [
    pytest.param(np.eye(3), id="as-it-is"),
    pytest.param(_turned(0, 1.0, (90, 140)), id="shift"),
    pytest.param(_turned(0, 0.85, (60, 60)), id="smaller"),
    pytest.param(_turned(0, 1.15, (60, 100)), id="larger"),
    pytest.param(_turned(0, 0.5, (0, 0)), id="half-resolution"),
    pytest.param(_turned(4, 1.0, (60, 120)), id="skew"),
    pytest.param(
        cv2.getPerspectiveTransform(
            np.array([[0, 0], [1000, 0], [1000, 500], [0, 500]], np.float32),
            np.array([[60, 60], [1010, 90], [980, 600], [90, 560]], np.float32),
        ),
        id="photograph",
    ),
]


@pytest.mark.parametrize("way", WAYS)
def test_way_is_found(way: npt.NDArray[np.float64]) -> None:
    form = _draw_form(1)
    page = cv2.warpPerspective(form, way, (1150, 750), borderValue=120)
    cv2.putText(page, "0123456789", (400, 300), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.0, 40, 3)
    found = register_page(describe_page(np.asarray(page, np.uint8)), describe_page(form))
    assert found is not None
    assert found.score > 0.6
    assert _measure(found.to_page, way) < 3.0


@pytest.mark.parametrize("angle_deg", [0.0, 5.0, 185.0])
def test_a_form_on_a_part_of_a_sheet_is_found_finely(angle_deg: float) -> None:
    form = _draw_form(1)
    way = _turned(angle_deg, 1.0, (500, 900))
    page = np.asarray(cv2.warpPerspective(form, way, (2000, 2800), borderValue=120), np.uint8)
    others = [describe_page(_draw_form(seed)) for seed in (2, 3)]
    found = find_form(page, [others[0], describe_page(form), others[1]])
    assert found is not None
    assert (found.place, found.bend) == (1, None)
    assert found.page is page
    assert _measure(found.registration.to_page, way) < 1.0
    assert find_form(page, others) is None


@pytest.mark.parametrize("bent_px", [16, 25])
def test_a_bent_page_is_laid_flat_and_found(bent_px: int) -> None:
    form = _draw_form(1)
    height, width = form.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down = (y + bent_px * np.sin(np.pi * x / width)).astype(np.float32)
    page = np.asarray(cv2.remap(form, x, down, cv2.INTER_LINEAR, borderValue=(235,)), np.uint8)
    found = find_form(page, [describe_page(_draw_form(2)), describe_page(form)])
    assert found is not None
    assert found.place == 1
    assert found.bend is not None
    assert found.registration.score > 0.8
    size, way = (width, height), found.registration.to_page
    flat = cv2.warpPerspective(found.page, way, size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR)
    assert np.mean(cv2.absdiff(np.asarray(flat), form)[40:-40, 40:-40] > 100) < 0.02
    assert find_form(page, [describe_page(_draw_form(seed)) for seed in (2, 3)]) is None


def test_other_form_is_refused() -> None:
    assert register_page(describe_page(_draw_form(1)), describe_page(_draw_form(2))) is None


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(np.full((1, 1), 200, np.uint8), id="one-pixel"),
        pytest.param(np.full((500, 1000), 200, np.uint8), id="blank"),
        pytest.param(np.zeros((500, 1000), np.uint8), id="black"),
        pytest.param(
            np.random.default_rng(3).integers(0, 256, (500, 1000)).astype(np.uint8), id="noise"
        ),
    ],
)
def test_page_without_the_form_is_refused(page: Gray) -> None:
    form = describe_page(_draw_form(1))
    assert register_page(describe_page(page), form) is None
    assert register_page(form, describe_page(page)) is None


def test_same_pages_give_the_same_way() -> None:
    form, page = describe_page(_draw_form(1)), describe_page(_draw_form(1)[20:, 10:])
    first, second = register_page(page, form), register_page(page, form)
    assert first is not None
    assert second is not None
    assert np.array_equal(first.to_page, second.to_page)
