"""Templates on disk -> forms ready to read with: found, checked, described, hashed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digitscan.errors import ScanError, TemplateError
from digitscan.forms.template import Template, load_template
from digitscan.names import printable
from digitscan.records import PageRef, PageResult
from digitscan.runrecord import hash_file
from digitscan.settings import ScanSettings, Settings

if TYPE_CHECKING:
    from digitscan.batch import ReadPage
    from digitscan.fitted_form import Form
    from digitscan.records import Page

SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class FormLoader:
    """Loads the models and the templates of a run; equal where the paths are, in every process.

    Attributes
    ----------
    paths : tuple of str
        Template files and folders of them.
    or_whole : bool
        Read pages that show none of the forms as a whole.
    """

    paths: tuple[str, ...]
    or_whole: bool = False

    def __call__(self, settings: Settings) -> "ReadPage":
        """Return what reads a page by the templates.

        Raises
        ------
        TemplateError
            If a template or its reference is missing or wrong.
        ModelError
            If a model package is missing or damaged.
        """
        from digitscan import pipeline

        forms = load_forms(self.paths, settings.scans)
        reader = pipeline.load_reader(settings)

        def read(page: "Page", field: str | None) -> PageResult:
            return pipeline.read_page(page, reader, settings, field, forms, self.or_whole)

        return read


def find_templates(paths: Sequence[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """Find the template files at the given paths.

    Parameters
    ----------
    paths : sequence of str or path
        Files, and folders whose `.toml` files are templates.

    Returns
    -------
    tuple of Path
        In the given order, those of a folder by name; each once.

    Raises
    ------
    TemplateError
        If a path does not exist or a folder holds no template.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise TemplateError(f"{printable(str(path))}: holds no template, a file *{SUFFIX}")
        found.update(dict.fromkeys(files))
    return tuple(found)


def load_forms(
    paths: Sequence[str | os.PathLike[str]], settings: ScanSettings = ScanSettings()
) -> "tuple[Form, ...]":
    """Load templates with their reference images.

    Parameters
    ----------
    paths : sequence of str or path
    settings : ScanSettings
        Bounds on the reference images.

    Raises
    ------
    TemplateError
        With every fault of a file; where two templates have one name; where a reference cannot be
        decoded or a zone is not on it.
    """
    templates = [load_template(file) for file in find_templates(paths)]
    names = [template.name for template in templates]
    for name in names:
        if names.count(name) > 1:
            raise TemplateError(f"two templates have the name {printable(name)}; rename one")
    return tuple(_describe(template, settings) for template in templates)


def list_fields(paths: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """Return the names of the fields of some templates, each once, in their order.

    Raises
    ------
    TemplateError
        If a template is missing or wrong.
    """
    templates = [load_template(file) for file in find_templates(paths)]
    return tuple(dict.fromkeys(field.name for one in templates for field in one.fields))


def hash_templates(paths: Sequence[str | os.PathLike[str]]) -> dict[str, str]:
    """Return the SHA-256 of each template and of its reference, by the template's name.

    Raises
    ------
    TemplateError
        If a template is missing or wrong.
    """
    hashes = {}
    for file in find_templates(paths):
        template = load_template(file)
        hashes[template.name] = f"{hash_file(file)} {hash_file(template.reference)}"
    return hashes


def _describe(template: Template, settings: ScanSettings) -> "Form":
    from digitscan.fitted_form import make_form
    from digitscan.imaging.restore import restore_page
    from digitscan.scans import load_page

    shown = str(template.reference)
    try:
        page = load_page(PageRef(shown, template.page, shown), settings)
    except ScanError as error:
        raise TemplateError(
            f"template {template.name}: reference {printable(shown)} cannot be decoded: {error}"
        ) from None
    upright = restore_page(page)
    height, width = upright.shape
    for field in template.fields:
        if field.zone.right > width or field.zone.bottom > height:
            raise TemplateError(
                f"template {template.name}: field {field.name}: zone reaches to "
                f"{field.zone.right}, {field.zone.bottom} px; the reference is "
                f"{width} x {height} px"
            )
    return make_form(template, upright)
