"""A scan of a form -> the draft of its template: TOML, reference image, picture of the zones."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitscan.errors import OutputError, TemplateError
from digitscan.forms.draft import Proposal, draft_template, join_dates
from digitscan.forms.template import FieldType, Template, load_template
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.combs import find_combs
from digitscan.imaging.deskew import estimate_skew_deg
from digitscan.imaging.frames import find_frames
from digitscan.imaging.geometry import clip_box, grow_box, rotate_page, scale_box
from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.page_size import choose_factor, reduce_page
from digitscan.imaging.restore import restore_page
from digitscan.names import printable
from digitscan.overlay import Outline, draw_outlines, draw_scale, outline_box, write_picture
from digitscan.records import Box, Gray, PageRef
from digitscan.scans import load_page
from digitscan.settings import Settings

COARSE_PX = 650
"""Forms whose rules are as thick as strokes are looked at with this length of the longer side: of
the sheet of a clinic with rules of 0.75 mm, scanned at 200 and 300 dpi, one field and none was
found, now nine each."""
REFERENCE_SUFFIX = ".reference.png"
PICTURE_SUFFIX = ".zones.png"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written: the template, its reference image, the picture, and what it says."""

    file: Path
    reference: Path
    picture: Path
    template: Template


def write_draft(scan: Path, page: int, out: Path, settings: Settings = Settings()) -> Draft:
    """Make the draft of a template from the scan of a blank or clean form.

    Boxes and rows of boxes are found, and a MICR line; each becomes a field with a numbered name,
    for a person to name, complete and delete.

    Parameters
    ----------
    scan : Path
        Upright but for its EXIF turn; a little askew is put straight.
    page : int
        Page of the scan, from 1.
    out : Path
        The template, `bank.toml`; beside it `bank.reference.png` and `bank.zones.png` are written.
    settings : Settings

    Returns
    -------
    Draft

    Raises
    ------
    ScanError
        If the scan cannot be decoded.
    TemplateError
        If nothing that may be a field is found.
    OutputError
        If one of the files exists, or cannot be written.
    """
    reference = out.with_suffix(REFERENCE_SUFFIX)
    picture = out.with_suffix(PICTURE_SUFFIX)
    _check_free((out, reference, picture))
    found = load_page(PageRef(str(scan), page, scan.name), settings.scans)
    straight = _straighten(restore_page(found), settings)
    proposals = find_fields(straight)
    if not proposals:
        raise TemplateError(
            f"{printable(str(scan))}: no box, no row of boxes and no MICR line was found; "
            "scan a blank form at 200 dpi or more, or write the template by hand"
        )
    write_picture(reference, straight)
    _write_text(out, draft_template(out.stem, reference.name, proposals))
    template = load_template(out)
    write_picture(picture, draw_scale(draw_outlines(straight, outline_fields(template))))
    return Draft(out, reference, picture, template)


def find_fields(gray: Gray) -> tuple[Proposal, ...]:
    """Find where the fields of a form may be.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        Upright, at most 1 degree askew.

    Returns
    -------
    tuple of Proposal
    """
    rows, lone = max((_find_boxes(gray, factor) for factor in _choose_factors(gray)), key=_count)
    micr = find_micr_line(gray)
    if micr is not None:
        # Its ends may miss a symbol or two.
        wide = grow_box(micr.box, round(3 * micr.pitch_px), round(micr.height_px))
        lone.append(Proposal(FieldType.MICR, (clip_box(wide, gray.shape),)))
    return (*rows, *lone)


def _choose_factors(gray: Gray) -> tuple[int, ...]:
    """Return by what a form is reduced to look for its boxes: not, and so that thick rules are
    thin."""
    return 1, max(2, round(max(gray.shape) / COARSE_PX))


def _find_boxes(gray: Gray, factor: int) -> tuple[list[Proposal], list[Proposal]]:
    """Find rows of boxes, and boxes that stand alone, on a page that is reduced."""
    small = reduce_page(gray, factor)
    combs = [(comb.box, len(comb.cells)) for comb in find_combs(small)]
    lone: list[Proposal] = []
    for frame in find_frames(small):
        if any(_touch(frame.box, box) for box, _ in combs):
            continue
        if frame.cells > 1:
            combs.append((frame.box, frame.cells))
        else:
            kind = FieldType.MARK if frame.is_square else FieldType.NUMBER
            lone.append(Proposal(kind, (scale_box(frame.box, factor),)))
    rows = [Proposal(FieldType.NUMBER, (scale_box(box, factor),), (n,)) for box, n in combs]
    return list(join_dates(rows)), lone


def _count(found: tuple[list[Proposal], list[Proposal]]) -> int:
    """Count boxes."""
    rows, lone = found
    return sum(sum(row.cells) for row in rows) + len(lone)


def outline_fields(template: Template) -> tuple[Outline, ...]:
    """Return the outlines of the fields on the reference: each comb of a field has its own."""
    outlines = []
    for field in template.fields:
        zones = [(comb.zone, comb.cells) for comb in field.combs] or [(field.zone, 1)]
        for place, (zone, cells) in enumerate(zones):
            outlines.append(outline_box(zone, "" if place else field.name, cells))
    return tuple(outlines)


def _straighten(gray: Gray, settings: Settings) -> Gray:
    """Take the skew out of a page."""
    small = reduce_page(gray, choose_factor(gray.shape, None, settings.regions))
    mask = np.asarray(estimate_ink(small, settings.ink) >= settings.ink.threshold)
    skew_deg = estimate_skew_deg(mask)
    if abs(skew_deg) < settings.regions.min_skew_deg:
        return gray
    return rotate_page(gray, -skew_deg)[0]


def _touch(one: Box, other: Box) -> bool:
    """Say whether two boxes share more than the rule between them."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    slack = 0.2 * min(one.bottom - one.top, other.bottom - other.top)
    return across > slack and down > slack


def _check_free(files: tuple[Path, ...]) -> None:
    folder = files[0].parent
    if files[0].suffix != ".toml":
        raise OutputError(f"{printable(str(files[0]))} is no template; name a file .toml")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(
            f"folder {printable(str(folder))} does not exist or is not writable; "
            "make it or choose another --out"
        )
    for file in files:
        if file.exists():
            raise OutputError(
                f"{printable(str(file))} exists and may hold work; "
                "delete it or choose another --out"
            )


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{printable(str(path))} cannot be written: {error.strerror}") from None
