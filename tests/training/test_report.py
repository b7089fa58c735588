"""The page and the pictures: escaped, whole, drawn from empty and from extreme input."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import OutputError
from training.metrics import bin_confidences, trace_rejects
from training.pictures import (
    Mistake,
    draw_confusions,
    draw_mistakes,
    draw_rejects,
    draw_reliability,
    draw_trials,
)
from training.report import Picture, Section, Table, render_report, write_bytes

PIXEL = cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes()


class Tags(HTMLParser):
    """Collects what a browser would fetch, and checks that tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_report_is_whole_and_fetches_nothing() -> None:
    table = Table("Sets", ("set", "right"), (("a & b", "9 <10"),))
    page = render_report("T", "x", [Section("S", "y", (table, Picture("P", PIXEL)))])
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.links == ["data:image/png;base64," + base64.b64encode(PIXEL).decode()]
    assert "<td>a &amp; b</td><td>9 &lt;10</td>" in page
    assert not re.search(r"https?://|<script|@import", page)


def test_a_table_has_no_ragged_rows() -> None:
    with pytest.raises(ValueError, match="Sets: 2 columns, a row has 1"):
        Table("Sets", ("set", "right"), (("test",),))


def test_a_picture_is_png() -> None:
    with pytest.raises(ValueError, match="P: a picture is PNG"):
        Picture("P", b"GIF89a")


def test_write_bytes_makes_the_folder_and_leaves_no_part(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "a.html", b"1")
    write_bytes(tmp_path / "new" / "a.html", b"2")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.html"]
    assert (tmp_path / "new" / "a.html").read_bytes() == b"2"


def test_write_bytes_names_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"cannot write .*a\.html.*--out"):
        write_bytes(tmp_path / "file" / "a.html", b"")


def _pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


def _mistake(crop: bool) -> Mistake:
    tile = np.zeros((28, 28), np.float32)
    tile[4:24, 13:15] = 1
    gray = np.full((40, 12), 200, np.uint8) if crop else None
    return Mistake(tile, gray, "1", "7", 0.9, "a.jpg 2")


@pytest.mark.parametrize(
    "png",
    [
        pytest.param(draw_confusions(np.zeros((2, 2), np.int64), "ab"), id="no-tiles"),
        pytest.param(draw_confusions(np.array([[9, 1], [0, 9]]), "ab"), id="confusions"),
        pytest.param(
            draw_reliability(bin_confidences(np.zeros(0), np.zeros(0, bool))), id="empty-bins"
        ),
        pytest.param(draw_reliability(bin_confidences(np.ones(3), np.ones(3, bool))), id="one-bin"),
        pytest.param(draw_rejects({}), id="no-curves"),
        pytest.param(
            draw_rejects({"a": trace_rejects(np.array([0.5, 1]), np.array([False, True]))}),
            id="curve",
        ),
        pytest.param(draw_mistakes([_mistake(crop=True)]), id="mistake-with-crop"),
        pytest.param(draw_mistakes([_mistake(crop=False)] * 11), id="two-lines"),
        pytest.param(draw_trials(np.zeros(0), {}, "accuracy"), id="no-trials"),
        pytest.param(
            draw_trials(np.array([0.9, np.nan, 0.95]), {"rate": np.array([1e-4, 1, 0.1])}, "a"),
            id="one-trial-given-up",
        ),
        pytest.param(
            draw_trials(np.full(2, np.nan), {name: np.ones(2) for name in "abcd"}, "accuracy"),
            id="all-given-up",
        ),
    ],
)
def test_pictures_are_drawn(png: bytes) -> None:
    assert _pixels(png).std() > 0


def test_only_mistakes_are_colored() -> None:
    def red(confusions: list[list[int]]) -> int:
        pixels = _pixels(draw_confusions(np.array(confusions), "ab")).astype(int)
        return int(np.count_nonzero(pixels[..., 2] - pixels[..., 0] > 60))

    assert red([[5000, 0], [0, 5000]]) == 0
    assert red([[5000, 3], [0, 5000]]) > 1000


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one mistake"):
        draw_mistakes([])
