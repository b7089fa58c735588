"""How pages fit a template: its zones drawn on them, and a score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digitscan.errors import ScanError
from digitscan.fitted_form import Form, fit_form
from digitscan.form_files import load_forms
from digitscan.imaging.restore import restore_page
from digitscan.names import inner_path
from digitscan.overlay import draw_outlines, draw_scale, move_outline, write_picture
from digitscan.records import Gray, PageRef
from digitscan.scans import count_pages, find_scans, load_page
from digitscan.settings import ScanSettings
from digitscan.template_draft import outline_fields


@dataclass(frozen=True, slots=True)
class PageFit:
    """How one page fits.

    Attributes
    ----------
    name : str
        The scan, as results name it.
    page : int
        From 1.
    score : float or None
        Share of the reference that the page shows where it should be, 0 to 1; None where the page
        does not show the form, and where it cannot be decoded.
    fault : str
        Why the page could not be looked at; empty where it could.
    """

    name: str
    page: int
    score: float | None
    fault: str = ""


def draw_reference(template: Path, folder: Path) -> tuple[Form, Path]:
    """Check a template and draw its zones on its reference.

    Returns
    -------
    form : Form
    picture : Path

    Raises
    ------
    TemplateError
        With every fault of the template.
    OutputError
        If the picture cannot be written.
    """
    (form,) = load_forms([template])
    own = form.template
    page = load_page(PageRef(str(own.reference), own.page, own.reference.name))
    upright = restore_page(page)
    picture = folder / f"{template.stem}.zones.png"
    write_picture(picture, draw_scale(draw_outlines(upright, outline_fields(own))))
    return form, picture


def check_pages(
    form: Form, inputs: Sequence[str], folder: Path, settings: ScanSettings = ScanSettings()
) -> Iterator[PageFit]:
    """Look for a form on every page of some scans and draw its zones where it is found.

    Parameters
    ----------
    form : Form
    inputs : sequence of str
        Files and folders.
    folder : Path
        Where the drawings go.
    settings : ScanSettings

    Yields
    ------
    PageFit
        One a page, in the order of the input.

    Raises
    ------
    NoPagesError
        If there is no scan.
    OutputError
        If a drawing cannot be written.
    """
    for scan in find_scans(inputs):
        try:
            count = count_pages(scan.path, settings)
        except ScanError as error:
            yield PageFit(scan.name, 1, None, str(error))
            continue
        for number in range(1, count + 1):
            try:
                page = load_page(PageRef(scan.path, number, scan.name), settings)
            except ScanError as error:
                yield PageFit(scan.name, number, None, str(error))
                continue
            upright = restore_page(page)
            score = _draw_fit(form, upright, folder / inner_path(f"{scan.name}-page{number}.jpg"))
            yield PageFit(scan.name, number, score)


def _draw_fit(form: Form, upright: Gray, picture: Path) -> float | None:
    fit = fit_form(upright, (form,))
    if fit is None:
        return None
    outlines = outline_fields(form.template)
    moved = [move_outline(outline, fit.registration.to_page) for outline in outlines]
    write_picture(picture, draw_outlines(fit.page, moved))
    return fit.registration.score
