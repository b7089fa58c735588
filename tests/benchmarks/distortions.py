"""How forms are read when their pages are distorted, and when their zones are drawn carelessly.

    python -m tests.benchmarks.distortions FOLDER [--template PATH] [--every N] [--only WORD]

Every N-th page of a folder is read by template as it is, then distorted in known ways: shifted,
turned, scaled, seen in perspective, bent, at half the resolution, through JPEG, under uneven light,
upside down, as a negative, in black and white, with streaks of a dirty scanner. Then it is read as
it is by templates whose zones are shifted, grown and shrunk by shares of their own size. A line
says how many of the fields say the same as on the page as it is by the zones as they are, and,
where the folder holds a truth.csv, how many are right, and how many of those accepted are wrong.
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.fitted_form import Form
from digitscan.form_files import load_forms
from digitscan.forms.template import Field
from digitscan.pipeline import load_reader, read_page
from digitscan.reader import Reader
from digitscan.records import Box, Gray, Page, PageRef
from digitscan.settings import Settings
from digitscan.truth import NOT_FIELDS

REPOSITORY = Path(__file__).resolve().parents[2]
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
_MARGIN = 0.12
"""Paper around a distorted page, as a share of its sides: nothing of it leaves the picture."""

Distortion = Callable[[Gray], Gray]
Readings = dict[tuple[str, str], tuple[str, bool]]
"""Text of a field, and whether it was accepted, by file and name."""


def warp(way: Callable[[int, int], npt.NDArray[np.float64]]) -> Distortion:
    """Make the distortion that moves a page on a larger sheet by the homography for (H, W)."""

    def distort(gray: Gray) -> Gray:
        height, width = gray.shape
        down, across = round(_MARGIN * height), round(_MARGIN * width)
        paper = int(np.median(gray[::8, ::8]))
        sheet = cv2.copyMakeBorder(
            gray, down, down, across, across, cv2.BORDER_CONSTANT, value=(paper,)
        )
        size = (sheet.shape[1], sheet.shape[0])
        moved = cv2.warpPerspective(
            sheet, way(size[1], size[0]), size, flags=cv2.INTER_AREA, borderValue=(paper,)
        )
        return np.asarray(moved, np.uint8)

    return distort


def turn(angle_deg: float) -> Distortion:
    """Make the distortion that turns a page, counter-clockwise as the eye sees it."""

    def way(height: int, width: int) -> npt.NDArray[np.float64]:
        flat = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
        return np.vstack([flat, [0, 0, 1]])

    return warp(way)


def shift(share: float) -> Distortion:
    """Make the distortion that shifts a page by a share of its sides."""

    def way(height: int, width: int) -> npt.NDArray[np.float64]:
        return np.array([[1, 0, share * width], [0, 1, share * height], [0, 0, 1]], np.float64)

    return warp(way)


def scale(factor: float) -> Distortion:
    """Make the distortion that resizes a page."""

    def distort(gray: Gray) -> Gray:
        flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=flags))

    return distort


def photograph(share: float) -> Distortion:
    """Make the distortion that shortens the upper side of a page by a share, and tilts it."""

    def way(height: int, width: int) -> npt.NDArray[np.float64]:
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        inset = share / 2
        moved = corners + np.array(
            [[inset * width, inset * height], [-inset * width, 0], [0, 0], [0, -inset * height]],
            np.float32,
        )
        return np.asarray(cv2.getPerspectiveTransform(corners, moved), np.float64)

    return warp(way)


def compress(quality: int) -> Distortion:
    """Make the distortion of a JPEG of a quality from 1 to 100."""

    def distort(gray: Gray) -> Gray:
        data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return distort


def add_noise(sigma: float) -> Distortion:
    """Make the distortion that adds the same noise of `sigma` gray levels to every page."""

    def distort(gray: Gray) -> Gray:
        noise = np.random.default_rng(1).normal(0.0, sigma, gray.shape)
        return np.clip(gray + noise, 0, 255).astype(np.uint8)

    return distort


def shade(gray: Gray) -> Gray:
    """Return the page under light that falls to 45 % towards a corner, with a shadow's edge."""
    height, width = gray.shape
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 1.0 - 0.4 * (down + across) / 2 - 0.15 * (across + 0.3 * down > 0.75)
    return np.asarray(np.clip(gray * cv2.blur(light, (31, 31)), 0, 255), np.uint8)


def turn_quarters(quarters: int) -> Distortion:
    """Make the distortion that turns a page by quarters, counter-clockwise."""

    def distort(gray: Gray) -> Gray:
        return np.ascontiguousarray(np.rot90(gray, quarters))

    return distort


def bend(share: float) -> Distortion:
    """Make the distortion that lifts the middle of a page by a share of its longer side."""

    def distort(gray: Gray) -> Gray:
        height, width = gray.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        most = share * max(height, width)
        across = (x + 0.5 * most * np.sin(np.pi * y / height)).astype(np.float32)
        down = (y + most * np.sin(np.pi * x / width)).astype(np.float32)
        bent = cv2.remap(gray, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(bent, np.uint8)

    return distort


def invert(gray: Gray) -> Gray:
    """Return the negative of the page, as microfilm has it."""
    return np.asarray(255 - gray, np.uint8)


def print_bitonal(gray: Gray) -> Gray:
    """Return the page in black and white, each pixel against its neighborhood, as banks keep it."""
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    side = max(gray.shape) // 40 | 1
    return np.asarray(
        cv2.adaptiveThreshold(
            smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side, 20.0
        ),
        np.uint8,
    )


def dither(gray: Gray) -> Gray:
    """Return the page in black and white, its grays drawn by scattered pixels, as fax does."""
    ranks = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    height, width = gray.shape
    thresholds = np.tile(16 * ranks + 8, (height // 4 + 1, width // 4 + 1))[:height, :width]
    return np.where(gray > thresholds, 255, 0).astype(np.uint8)


def streak(share: float, width_px: int, is_across: bool = False) -> Distortion:
    """Make the distortion of dirt on a scanner's glass: six streaks of a share of the light."""

    def distort(gray: Gray) -> Gray:
        streaked = np.array(gray.T if is_across else gray, np.float32)
        starts = np.random.default_rng(7).integers(20, streaked.shape[1] - 20, 6)
        for start in starts:
            streaked[:, start : start + width_px] *= share
        straight = np.ascontiguousarray(streaked.T if is_across else streaked)
        return compress(85)(straight.astype(np.uint8))

    return distort


DISTORTIONS: Mapping[str, Distortion] = {
    "shift 8 %": shift(0.08),
    "shift -3 %": shift(-0.03),
    "turn 3 deg": turn(3.0),
    "turn -7 deg": turn(-7.0),
    "turn 10 deg": turn(10.0),
    "scale 0.85": scale(0.85),
    "scale 1.15": scale(1.15),
    "perspective 4 %": photograph(0.04),
    "perspective 10 %": photograph(0.10),
    "bent by 1 %": bend(0.01),
    "half resolution": scale(0.5),
    "JPEG quality 25": compress(25),
    "noise 10": add_noise(10.0),
    "uneven light": shade,
    "on its side": turn_quarters(1),
    "upside down": turn_quarters(2),
    "on its other side": turn_quarters(3),
    "negative": invert,
    "bitonal": print_bitonal,
    "dithered": dither,
    "black streaks": streak(0.1, 2),
    "gray streaks": streak(0.6, 3),
    "black streaks across": streak(0.1, 2, is_across=True),
    "turn 6, 0.85, JPEG 40": lambda gray: compress(40)(scale(0.85)(turn(6.0)(gray))),
}


def redraw(
    zone: Box, left: float, top: float, right: float, bottom: float, shape: tuple[int, int]
) -> Box:
    """Move the edges of a zone by shares of its height, and of its width where that is less."""
    unit = min(zone.bottom - zone.top, zone.right - zone.left)
    return Box(
        min(max(0, round(zone.left + left * unit)), shape[1] - 2),
        min(max(0, round(zone.top + top * unit)), shape[0] - 2),
        min(shape[1], round(zone.right + right * unit)),
        min(shape[0], round(zone.bottom + bottom * unit)),
    )


ZONES: Mapping[str, tuple[float, float, float, float]] = {
    "zones 5 % larger": (-0.05, -0.05, 0.05, 0.05),
    "zones 12 % larger": (-0.12, -0.12, 0.12, 0.12),
    "zones 20 % larger": (-0.2, -0.2, 0.2, 0.2),
    "zones 5 % smaller": (0.05, 0.05, -0.05, -0.05),
    "zones 12 % smaller": (0.12, 0.12, -0.12, -0.12),
    "zones 10 % left": (-0.1, 0.0, -0.1, 0.0),
    "zones 10 % right": (0.1, 0.0, 0.1, 0.0),
    "zones 10 % up": (0.0, -0.1, 0.0, -0.1),
    "zones 10 % down": (0.0, 0.1, 0.0, 0.1),
    "zones 15 % up and left": (-0.15, -0.15, -0.15, -0.15),
    "zones 15 % down and right": (0.15, 0.15, 0.15, 0.15),
}
"""Left, top, right, bottom of every zone move by these shares of its shorter side."""


def redraw_form(form: Form, edges: tuple[float, float, float, float]) -> Form:
    """Return a form whose zones were drawn less well."""
    size = np.array(form.features.small.shape) / form.features.scale
    shape = (int(size[0]), int(size[1]))

    def move(field: Field) -> Field:
        combs = tuple(replace(comb, zone=redraw(comb.zone, *edges, shape)) for comb in field.combs)
        zones = [comb.zone for comb in combs] or [redraw(field.zone, *edges, shape)]
        around = Box(
            min(zone.left for zone in zones),
            min(zone.top for zone in zones),
            max(zone.right for zone in zones),
            max(zone.bottom for zone in zones),
        )
        return replace(field, zone=around, combs=combs)

    fields = tuple(move(field) for field in form.template.fields)
    return replace(form, template=replace(form.template, fields=fields))


def load_pages(folder: Path, every: int) -> dict[str, Gray]:
    """Load every N-th image of a folder, gray, by file name; where it has none, end the program."""
    paths = [path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES]
    if not paths:
        sys.exit(f"no images in {folder}")
    return {
        path.name: np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        for path in sorted(paths)[::every]
    }


def read_pages(pages: Mapping[str, Gray], forms: Sequence[Form], reader: Reader) -> Readings:
    """Read pages by template, a text a field."""
    found: Readings = {}
    least = Settings().confidence.min_confidence
    for name, gray in pages.items():
        result = read_page(Page(PageRef(name, 1, name), gray, None), reader, forms=forms)
        for one in result.readings:
            found[name, str(one.region.field)] = (
                one.text,
                one.rejection is None and one.confidence >= least,
            )
    return found


def load_truth(folder: Path) -> dict[tuple[str, str], str]:
    """Return the true texts of a folder, those of uncertain fields left out."""
    if not (folder / "truth.csv").is_file():
        return {}
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["file"], name): re.sub("[^0-9A-D]", "", text)
        for row in rows
        for name, text in row.items()
        if name not in NOT_FIELDS
        and name not in re.split(r"\W+", row.get("uncertain") or "")
        and re.sub("[^0-9A-D]", "", text or "")
    }


def describe(name: str, found: Readings, first: Readings, truth: dict[tuple[str, str], str]) -> str:
    """Make the line of a table."""
    same = sum(found.get(key, ("", False))[0] == text for key, (text, _) in first.items())
    line = f"{name:<26}{same:>6} of {len(first)} the same ({100 * same / len(first):5.1f} %)"
    known = {key: text for key, text in truth.items() if key in first}
    if not known:
        return line
    right = sum(found.get(key, ("", False))[0] == text for key, text in known.items())
    accepted = [key for key, (_, is_accepted) in found.items() if is_accepted and key in known]
    wrong = sum(found[key][0] != known[key] for key in accepted)
    return (
        f"{line}{right:>6} of {len(known)} right ({100 * right / len(known):5.1f} %)"
        f"{len(accepted):>6} accepted, {wrong} wrong"
    )


def main() -> None:
    """Read the pages in every way and print a line for each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--template", type=Path, default=REPOSITORY / "examples" / "templates")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="a word in the name of the lines to print")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pages = load_pages(arguments.folder, arguments.every)
    forms, reader = load_forms([arguments.template]), load_reader()
    truth = load_truth(arguments.folder)
    first = read_pages(pages, forms, reader)
    if not first:
        sys.exit(f"no page of {arguments.folder} shows a form of {arguments.template}")
    print(describe("as it is", first, first, truth), flush=True)
    for name, distort in DISTORTIONS.items():
        if arguments.only in name:
            distorted = {file: distort(gray) for file, gray in pages.items()}
            print(describe(name, read_pages(distorted, forms, reader), first, truth), flush=True)
    for name, edges in ZONES.items():
        if arguments.only in name:
            redrawn = [redraw_form(form, edges) for form in forms]
            print(describe(name, read_pages(pages, redrawn, reader), first, truth), flush=True)


if __name__ == "__main__":
    main()
