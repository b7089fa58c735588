"""Templates on disk: found, checked before the first page, hashed, the same in every process."""

import pickle
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import TemplateError
from digitscan.form_files import FormLoader, find_templates, hash_templates, load_forms
from digitscan.forms.template import parse_template

REPOSITORY = Path(__file__).resolve().parents[1]
TEMPLATES = REPOSITORY / "samples" / "templates"
TEXT = """
name = "{name}"
reference = "blank.png"
[[field]]
name = "total"
zone = [10, 10, {right}, 30]
"""


def write_template(folder: Path, file: str, name: str = "bill", right: int = 90) -> Path:
    cv2.imwrite(str(folder / "blank.png"), np.full((100, 120), 255, np.uint8))
    path = folder / file
    path.write_text(TEXT.format(name=name, right=right), encoding="utf-8")
    return path


def test_a_folder_gives_its_templates_by_name_each_once(tmp_path: Path) -> None:
    second, first = write_template(tmp_path, "b.toml"), write_template(tmp_path, "a.toml", "other")
    assert find_templates([second, tmp_path]) == (second, first)


def test_a_folder_without_templates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="holds no template"):
        find_templates([tmp_path])


def test_two_templates_of_one_name_are_refused(tmp_path: Path) -> None:
    write_template(tmp_path, "a.toml")
    write_template(tmp_path, "b.toml")
    with pytest.raises(TemplateError, match="two templates have the name bill"):
        load_forms([tmp_path])


def test_a_zone_beside_the_reference_is_refused(tmp_path: Path) -> None:
    path = write_template(tmp_path, "a.toml", right=121)
    with pytest.raises(TemplateError, match=r"field total: zone reaches to 121, 30 px.* 120 x 100"):
        load_forms([path])


def test_a_reference_that_is_no_image_is_refused(tmp_path: Path) -> None:
    path = write_template(tmp_path, "a.toml")
    (tmp_path / "blank.png").write_bytes(b"no image at all")
    with pytest.raises(TemplateError, match=r"template bill: reference .* cannot be decoded"):
        load_forms([path])


def test_the_hash_is_of_the_template_and_of_its_reference(tmp_path: Path) -> None:
    path = write_template(tmp_path, "a.toml")
    before = hash_templates([path])
    assert list(before) == ["bill"]
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((100, 120), 254, np.uint8))
    assert hash_templates([path]) != before


def test_a_loader_that_was_sent_to_a_worker_is_the_same() -> None:
    loader = FormLoader(("a.toml", "b"))
    assert pickle.loads(pickle.dumps(loader)) == loader
    assert hash(pickle.loads(pickle.dumps(loader))) == hash(loader)


def test_the_templates_of_the_samples_are_right() -> None:
    forms = load_forms([TEMPLATES])
    assert [form.template.name for form in forms] == ["sample cheque", "report of the count"]
    assert [field.name for field in forms[1].template.fields][-2:] == ["total", "date"]


def test_the_examples_are_templates() -> None:
    files = find_templates([REPOSITORY / "examples" / "templates"])
    assert len(files) == 4
    for file in files:
        template = parse_template(tomllib.loads(file.read_text(encoding="utf-8")), file)
        assert template.reference.parts[-4:-1][:2] == ("shared", "data")
