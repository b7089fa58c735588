"""The committed samples are what the generator draws, and say what their truth file says."""

import csv
import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from samples.cheques import WIDTH_MM, draw_cheque
from samples.generate import COLUMNS, ROOT, RUPEES, draw_samples
from samples.paper import MM_PER_INCH, Sheet, draw_print

MAX_BYTES = 3_000_000
# Other builds of OpenCV and libjpeg round some pixels to the other side.
MAX_LEVELS_APART = 2.0


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    return draw_samples()


def pages_of(content: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(content)) as image:
        return [np.asarray(page.convert("L"), np.float32) for page in ImageSequence.Iterator(image)]


def test_every_committed_picture_is_what_the_generator_draws(drawn: dict[str, bytes]) -> None:
    for name, content in drawn.items():
        if name.endswith((".csv", ".pdf")):
            continue
        fresh, committed = pages_of(content), pages_of((ROOT / name).read_bytes())
        assert [page.shape for page in fresh] == [page.shape for page in committed], name
        for new, old in zip(fresh, committed, strict=True):
            assert np.abs(new - old).mean() < MAX_LEVELS_APART, name


def test_the_truth_files_are_what_the_generator_writes(drawn: dict[str, bytes]) -> None:
    for name in ("truth.csv", "amounts/truth.csv"):
        assert (ROOT / name).read_bytes().replace(b"\r\n", b"\n") == drawn[name]


def test_the_pdf_is_drawn_again_with_its_pages(drawn: dict[str, bytes]) -> None:
    name = "scans/cheques.pdf"
    assert drawn[name].count(b"/Type /Page\n") == (ROOT / name).read_bytes().count(b"/Type /Page\n")
    assert abs(len(drawn[name]) - (ROOT / name).stat().st_size) < 0.05 * len(drawn[name])


def test_no_picture_lies_there_that_the_generator_does_not_draw(drawn: dict[str, bytes]) -> None:
    pictures = {
        path.relative_to(ROOT).as_posix()
        for folder in ("scans", "amounts")
        for path in (ROOT / folder).iterdir()
    }
    assert pictures | {"truth.csv"} == set(drawn)


def test_the_samples_are_small(drawn: dict[str, bytes]) -> None:
    assert sum(map(len, drawn.values())) < MAX_BYTES


def test_every_page_has_a_truth_row_with_values() -> None:
    with (ROOT / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        values = [row[name] for name in COLUMNS[2:] if not name.endswith("_box")]
        assert sum(map(bool, values)) >= 4, row["file"]
    tiff = [row["page"] for row in rows if row["file"] == "scans/batch.tif"]
    assert tiff == ["1", "2", "3"]


def test_the_tiff_is_one_bit_group_four_at_300_dpi() -> None:
    with Image.open(ROOT / "scans/batch.tif") as image:
        assert image.mode == "1"
        assert image.info["compression"] == "group4"
        assert image.info["dpi"] == (300.0, 300.0)
        assert getattr(image, "n_frames", 1) == 3


def test_amount_and_date_lie_in_their_true_boxes() -> None:
    drawing = draw_cheque(RUPEES, np.random.default_rng(0), 100.0, pattern=False)
    gray = drawing.sheet.scan().mean(axis=2)
    for name in ("date", "amount", "account"):
        place = drawing.places[name]
        inside = gray[int(place.top) : int(place.bottom), int(place.left) : int(place.right)]
        assert (inside < 140).mean() > 0.03, name


def test_a_sheet_has_the_pixels_of_its_millimetres() -> None:
    sheet = Sheet(WIDTH_MM, 50.0, 200.0, np.random.default_rng(0))
    assert sheet.scan().shape == (
        round(50.0 * 200 / MM_PER_INCH),
        round(203.0 * 200 / MM_PER_INCH),
        3,
    )


def test_ink_outside_the_sheet_is_lost_and_ink_inside_darkens() -> None:
    sheet = Sheet(25.4, 25.4, 100.0, np.random.default_rng(0), (255, 255, 255))
    full = np.full((40, 40), 255, np.uint8)
    for left, top in ((-5.0, -5.0), (22.0, 22.0), (60.0, 60.0)):
        sheet.stamp(full, left, top, (0, 0, 0))
    gray = sheet.scan()[:, :, 0]
    assert gray[0, 0] == 0 and gray[99, 99] == 0 and gray[50, 50] == 255


def test_a_rule_lies_where_its_millimetres_say() -> None:
    sheet = Sheet(25.4, 25.4, 100.0, np.random.default_rng(0), (255, 255, 255))
    sheet.rule(5.08, 12.7, 20.32, 12.7, width_mm=0.25, color=(0, 0, 0))
    rows, columns = np.nonzero(sheet.scan()[:, :, 0] < 100)
    assert set(rows) == {50}
    assert abs(columns.min() - 20) <= 1 and abs(columns.max() - 80) <= 1


def test_capitals_are_as_high_as_asked() -> None:
    rows = np.flatnonzero((draw_print("HIE", 40.0, "plain") > 128).any(axis=1))
    assert abs(len(rows) - 40) <= 3
