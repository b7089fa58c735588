"""A template with its reference image -> whether a page shows that form, and how it lies there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitscan.forms.template import Field, FieldType, Template, Writing
from digitscan.imaging.bend import Bend
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.components import find_components
from digitscan.imaging.marks import find_outline
from digitscan.imaging.page_features import Features, describe_page
from digitscan.imaging.patches import flatten_zone
from digitscan.imaging.register import Registration, find_form
from digitscan.imaging.zones import find_print
from digitscan.records import Gray, Mask
from digitscan.settings import InkSettings

WRITTEN = 0.3
"""Writing is as high, in heights of its field."""


@dataclass(frozen=True, slots=True)
class Form:
    """A template and what its reference image looks like; made once per worker.

    Attributes
    ----------
    template : Template
    features : Features
    printed : tuple of ndarray of bool, or None
        What is printed beside the zone of each field, or where a mark belongs; None where nobody
        asks.
    within : tuple of ndarray of bool, or None
        What is printed within the zone of each field; None where the reference is filled in.
    """

    template: Template
    features: Features
    printed: tuple[Mask | None, ...]
    within: tuple[Mask | None, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """Which form a page shows, and how it lies there.

    Attributes
    ----------
    form : Form
    page : ndarray of uint8, shape (H, W)
        On which the form may lie on its side or on its head; laid flat.
    registration : Registration
        Takes the reference to the page.
    bend : Bend or None
        Takes the page to the page as it was given; None where that is flat.
    """

    form: Form
    page: Gray
    registration: Registration
    bend: Bend | None = None


def make_form(template: Template, reference: Gray) -> Form:
    """Describe the reference image of a template, upright.

    Parameters
    ----------
    template : Template
    reference : ndarray of uint8, shape (H, W)
    """
    found = [_find_print(reference, field) for field in template.fields]
    is_blank = _is_blank(template, [within for _, within in found])
    return Form(
        template,
        describe_page(reference),
        tuple(printed for printed, _ in found),
        tuple(within if is_blank else None for _, within in found),
    )


def _find_print(reference: Gray, field: Field) -> tuple[Mask | None, Mask | None]:
    """Find what the reference has beside the zone of a field, and within it."""
    if field.cells or field.type is FieldType.MICR:
        return None, None
    patch = flatten_zone(reference, field.zone, np.eye(3))
    ink = InkSettings()
    strength = estimate_ink(patch.gray, ink)
    if field.type is FieldType.MARK:
        return find_outline(strength, patch.zone, ink.threshold), None
    return find_print(strength, patch.zone, ink.threshold)


def _is_blank(template: Template, within: Sequence[Mask | None]) -> bool:
    """Say whether a reference is a blank form: most of its fields hold nothing as high as digits.

    Those that do hold print then: a percent sign, a label in the corner of the box.
    """
    filled = [
        bool((find_components(mask).heights >= WRITTEN * _measure_height(field)).any())
        for field, mask in zip(template.fields, within, strict=True)
        if mask is not None and field.writing is Writing.HAND
    ]
    return len(filled) - sum(filled) > max(1, sum(filled))


def _measure_height(field: Field) -> int:
    return field.zone.bottom - field.zone.top


def fit_form(gray: Gray, forms: Sequence[Form]) -> Fit | None:
    """Find the form that a page shows, whichever way the page lies.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    forms : sequence of Form

    Returns
    -------
    Fit or None
        Of the form with the best score; None where the page shows none of them.
    """
    found = find_form(gray, [form.features for form in forms])
    if found is None:
        return None
    return Fit(forms[found.place], found.page, found.registration, found.bend)


def estimate_turn_deg(fit: Fit) -> float:
    """Return the skew of the form, quarter turns apart, counter-clockwise as the eye sees it."""
    to_page = fit.registration.to_page
    turn_deg = float(-np.rad2deg(np.arctan2(to_page[1, 0], to_page[0, 0])))
    return turn_deg - 90.0 * round(turn_deg / 90.0)
