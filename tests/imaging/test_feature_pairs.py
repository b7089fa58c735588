"""Features find their own on another picture of the page, by likeness and by place."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.feature_pairs import NEAR_PX, are_alike, match_features, match_near
from digitscan.imaging.page_features import FEATURES, Features, describe_page


def describe_words(shift: int = 0) -> Features:
    rng = np.random.default_rng(3)
    page = np.full((600, 800), 235, np.uint8)
    for _ in range(60):
        place = int(rng.integers(20, 640)) + shift, int(rng.integers(40, 580))
        word = "".join(chr(code) for code in rng.integers(65, 91, 6))
        cv2.putText(page, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30,), 2)
    return describe_page(page)


def test_matches_agree_with_the_shift() -> None:
    reference, page = describe_words(), describe_words(25)
    pairs = match_features(page, reference, FEATURES, FEATURES)
    source, target = reference.points[pairs[:, 0]], page.points[pairs[:, 1]]
    alike = are_alike(source, target, 3.0)
    assert alike.sum() > 100
    assert np.allclose((target - source)[alike], (25, 0), atol=3.0)


def test_nothing_matches_a_blank_page() -> None:
    blank = describe_page(np.full((600, 800), 235, np.uint8))
    assert match_features(blank, describe_words(), FEATURES, FEATURES).shape == (0, 2)
    assert match_near(blank, describe_words(), describe_words().points.astype(float)).size == 0


@pytest.mark.parametrize(("off", "least", "most"), [(0.0, 0.5, 1.0), (2 * NEAR_PX, 0.0, 0.15)])
def test_a_feature_is_found_near_its_place_only(off: float, least: float, most: float) -> None:
    reference, page = describe_words(), describe_words(25)
    places = reference.points.astype(np.float64) + (25 + off, 0)
    pairs = match_near(page, reference, places)
    assert len(np.unique(pairs[:, 0])) == len(pairs)
    apart = np.linalg.norm(page.points[pairs[:, 1]] - places[pairs[:, 0]], axis=1)
    assert (apart <= NEAR_PX + 1e-3).all()
    true = np.linalg.norm(
        page.points[pairs[:, 1]] - reference.points[pairs[:, 0]] - (25, 0), axis=1
    )
    share = np.count_nonzero(true < 3.0) / len(reference.points)
    assert least <= share <= most
