"""What a reference image says of print: all of it where the form is blank, else what is beside."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.fitted_form import Form
from digitscan.form_files import load_forms
from digitscan.records import Gray

ZONES = {"weight": (40, 40, 240, 90), "share": (40, 120, 240, 170), "count": (40, 200, 240, 250)}


def draw_form(values: dict[str, str]) -> Gray:
    """Draw a form of three fields, one with a percent sign in it."""
    page = np.full((400, 600), 240, np.uint8)
    for name, (left, top, right, bottom) in ZONES.items():
        cv2.rectangle(page, (left, top), (right, bottom), 30, 2)
        cv2.putText(page, name, (right + 20, bottom - 10), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 30, 2)
        if name in values:
            place = (left + 12, bottom - 10)
            cv2.putText(page, values[name], place, cv2.FONT_HERSHEY_SIMPLEX, 1.2, 60, 3)
    cv2.putText(page, "%", (200, 160), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 30, 2)
    return page


def make_form(folder: Path, values: dict[str, str]) -> Form:
    cv2.imwrite(str(folder / "form.png"), draw_form(values))
    fields = (
        f'[[field]]\nname = "{name}"\ntype = "number"\nzone = {list(zone)}\n'
        for name, zone in ZONES.items()
    )
    text = 'name = "form"\nreference = "form.png"\n' + "\n".join(fields)
    (folder / "form.toml").write_text(text, encoding="utf-8")
    (form,) = load_forms([folder / "form.toml"])
    return form


def test_a_blank_form_has_print_within_its_zones(tmp_path: Path) -> None:
    form = make_form(tmp_path, {})
    shares = [0.0 if mask is None else float(mask.mean()) for mask in form.within]
    assert shares[1] > 0.005
    assert shares[0] == shares[2] == 0.0


@pytest.mark.parametrize(
    "values",
    [
        {"weight": "712", "share": "43", "count": "9"},
        {"weight": "712", "count": "9"},
    ],
)
def test_what_is_written_on_the_reference_is_no_print(
    tmp_path: Path, values: dict[str, str]
) -> None:
    assert make_form(tmp_path, values).within == (None, None, None)


def test_print_beside_is_known_either_way(tmp_path: Path) -> None:
    for values in ({}, {"weight": "712", "share": "43", "count": "9"}):
        masks = make_form(tmp_path, values).printed
        assert all(mask is not None and mask.any() for mask in masks)
