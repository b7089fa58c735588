"""Templates from the command line: drafted, checked, read with."""

import csv
import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import ExitCode
from digitscan.form_files import load_forms
from digitscan.template_check import check_pages
from samples.paper import Sheet
from tests.conftest import Cli, needs_model
from tests.test_templated_page import draw_form, tilt

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "blank.png"), draw_form({}))
    return tmp_path / "blank.png"


@pytest.fixture
def draft(cli: Cli, blank: Path, tmp_path: Path) -> Path:
    assert cli("template", "new", blank, "--out", tmp_path / "form.toml") == ExitCode.OK
    return tmp_path / "form.toml"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_draft_has_the_boxes_of_the_form(draft: Path) -> None:
    (form,) = load_forms([draft])
    fields = form.template.fields
    assert [(field.name, field.cells) for field in fields] == [
        ("number_01", 3),
        ("number_02", 3),
        ("number_03", 3),
        ("number_04", 0),
    ]
    zone = fields[0].zone
    drawn = (120, 120, 264, 176)
    assert (zone.left, zone.top, zone.right, zone.bottom) == pytest.approx(drawn, abs=3)


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_a_draft_has_boxes_with_rules_as_thick_as_strokes(
    cli: Cli, tmp_path: Path, dpi: int
) -> None:
    sheet = Sheet(148.0, 105.0, dpi, np.random.default_rng(1))
    for top in (20.0, 50.0):
        sheet.box(45, top, 56, 7.5, cells=8, rule_mm=0.75)
    sheet.box(45, 80, 40, 8, rule_mm=0.75)
    scan, out = tmp_path / "sheet.png", tmp_path / "sheet.toml"
    cv2.imwrite(str(scan), sheet.scan())
    assert cli("template", "new", scan, "--out", out) == ExitCode.OK
    (form,) = load_forms([out])
    assert sorted(field.cells for field in form.template.fields) == [0, 8, 8]


def test_a_draft_comes_with_its_picture(draft: Path) -> None:
    picture = cv2.imread(str(draft.with_suffix(".zones.png")))
    reference = cv2.imread(str(draft.with_suffix(".reference.png")))
    assert picture is not None and reference is not None
    assert picture.shape == reference.shape
    changed = np.nonzero((picture != reference).any(axis=2))
    assert changed[0].min() < 122 and changed[1].min() < 122


def test_a_page_that_is_askew_is_put_straight(cli: Cli, tmp_path: Path) -> None:
    page = SAMPLES / "scans" / "form-2.png"
    assert cli("template", "new", page, "--out", tmp_path / "a.toml") == ExitCode.OK
    fields = tomllib.loads((tmp_path / "a.toml").read_text(encoding="utf-8"))["field"]
    combs = [field["zone"] for field in fields if field.get("cells") == 3]
    assert len(combs) >= 4
    lefts = [zone[0] for zone in combs[:4]]
    assert max(lefts) - min(lefts) <= 12


def test_a_draft_does_not_write_over_work(
    cli: Cli, draft: Path, blank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = draft.read_bytes()
    assert cli("template", "new", blank, "--out", draft) == ExitCode.OUTPUT
    assert "exists and may hold work" in capsys.readouterr().err
    assert draft.read_bytes() == before


@pytest.mark.parametrize(
    ("out", "code", "words"),
    [
        pytest.param("none/form.toml", ExitCode.OUTPUT, "does not exist", id="no-folder"),
        pytest.param("form.csv", ExitCode.OUTPUT, "name a file .toml", id="suffix"),
    ],
)
def test_a_draft_that_cannot_be_written_is_refused(
    cli: Cli, blank: Path, out: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("template", "new", blank, "--out", blank.parent / out) == code
    assert words in capsys.readouterr().err


def test_a_page_without_boxes_gives_no_draft(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "white.png"), np.full((400, 300), 255, np.uint8))
    out = tmp_path / "white.toml"
    assert cli("template", "new", tmp_path / "white.png", "--out", out) == ExitCode.USAGE
    assert "no box" in capsys.readouterr().err
    assert not out.exists()


def test_a_scan_that_is_not_there_gives_no_draft(cli: Cli, tmp_path: Path) -> None:
    assert cli("template", "new", tmp_path / "no.png", "-o", tmp_path / "a.toml") == (
        ExitCode.NO_PAGES
    )


def test_check_says_how_pages_fit(
    cli: Cli, draft: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    cv2.imwrite(str(scans / "filled.png"), tilt(draw_form({"first": "125"})))
    cv2.imwrite(str(scans / "other.png"), np.full((560, 800), 220, np.uint8))
    capsys.readouterr()
    out = tmp_path / "pictures"
    assert cli("template", "check", draft, scans, "--out", out) == ExitCode.OK
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "form: 4 fields, 0 rules"
    assert said[2].startswith("filled.png#1: fits, score ")
    assert said[3] == "other.png#1: does not fit"
    assert sorted(path.name for path in out.iterdir()) == ["filled.png-page1.jpg", "form.zones.png"]


def test_check_names_the_page_that_cannot_be_decoded(
    cli: Cli, draft: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    code = cli("template", "check", draft, bad, "--out", tmp_path / "out")
    assert code == ExitCode.SOME_PAGES_FAILED
    assert "bad.png#1: failed: " in capsys.readouterr().out


def test_check_names_the_faults_of_a_template(
    cli: Cli, draft: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft.write_text(draft.read_text(encoding="utf-8").replace("cells", "cels"), encoding="utf-8")
    assert cli("template", "check", draft, "--out", tmp_path / "out") == ExitCode.USAGE
    assert "field number_01: unknown key cels; did you mean cells?" in capsys.readouterr().err


def test_zones_are_drawn_where_the_page_shows_them(draft: Path, tmp_path: Path) -> None:
    page = np.full((760, 1000), 232, np.uint8)
    page[100:660, 150:950] = draw_form({})
    cv2.imwrite(str(tmp_path / "page.png"), page)
    (form,) = load_forms([draft])
    (fit,) = check_pages(form, [str(tmp_path / "page.png")], tmp_path)
    assert fit.score is not None and fit.score > 0.8
    drawn = cv2.imread(str(tmp_path / "page.png-page1.jpg")).astype(int)
    green = (drawn[:, :, 1] - drawn[:, :, 2]) > 80
    columns = np.nonzero(green[190:])[1]
    # The first comb, with the name above it, begins at 150 + 120.
    assert abs(columns.min() - 270) <= 4


@needs_model
def test_process_reads_by_template(cli: Cli, tmp_path: Path) -> None:
    settings = tmp_path / "one.toml"
    settings.write_text("[readers]\nstrings = false\n", encoding="utf-8")
    out = tmp_path / "x.csv"
    scans = [SAMPLES / "scans" / name for name in ("form-2.png", "cheque-1.jpg", "note.png")]
    words = ["--template", SAMPLES / "templates", "--settings", settings, "--quiet"]
    assert cli("process", *scans, "--out", out, *words) == ExitCode.OK
    rows = read_csv(out)
    found = {(Path(row["file"]).name, row["field"]): row for row in rows}
    assert list(found) == [
        *(
            ("form-2.png", name)
            for name in ("candidate_01", "candidate_02", "valid", "invalid", "total", "date")
        ),
        *(("cheque-1.jpg", name) for name in ("date", "amount", "account", "micr")),
        ("note.png", ""),
    ]
    assert found["form-2.png", "valid"]["text"] == "187"
    assert found["form-2.png", "invalid"]["text"] == "6"
    assert found["cheque-1.jpg", "date"]["value"] == "2016-03-15"
    assert found["cheque-1.jpg", "micr"]["text"] == "C083654C500025033A290062C31"
    note = found["note.png", ""]
    assert (note["status"], note["reason"]) == ("rejected", "no-template")


@needs_model
def test_process_writes_wide_rows(cli: Cli, tmp_path: Path) -> None:
    settings = tmp_path / "one.toml"
    settings.write_text("[readers]\nstrings = false\n", encoding="utf-8")
    out = tmp_path / "x.csv"
    words = ["--template", SAMPLES / "templates" / "form.toml", "--wide", "--settings", settings]
    form, note = (SAMPLES / "scans" / name for name in ("form-1.png", "note.png"))
    assert cli("process", form, note, "--out", out, "--quiet", *words) == ExitCode.OK
    first, second = read_csv(out)
    assert (first["candidate_01"], first["date"]) == ("148", "2019-04-17")
    assert (second["status"], second["reason"]) == ("rejected", "no-template")
    assert second["candidate_01"] == second["candidate_01_status"] == ""


def test_whole_pages_need_a_template_to_differ_from(
    cli: Cli, blank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("process", blank, "--or-whole-page", "--out", blank.with_suffix(".csv")) == (
        ExitCode.USAGE
    )
    assert "is for pages of no --template" in capsys.readouterr().err


@needs_model
def test_process_reads_pages_of_no_template_as_a_whole(cli: Cli, tmp_path: Path) -> None:
    settings = tmp_path / "one.toml"
    settings.write_text("[readers]\nstrings = false\n", encoding="utf-8")
    out = tmp_path / "x.csv"
    note = SAMPLES / "scans" / "note.png"
    words = ["--template", SAMPLES / "templates", "--or-whole-page", "--settings", settings]
    assert cli("process", note, "--out", out, "--quiet", *words) == ExitCode.OK
    rows = read_csv(out)
    assert len(rows) > 1 and {row["reason"] for row in rows}.isdisjoint({"no-template"})
    assert json.loads((tmp_path / "x.run.json").read_text(encoding="utf-8"))["or_whole"] is True


def test_a_template_and_the_kind_of_a_crop_exclude_each_other(
    cli: Cli, draft: Path, blank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--template", draft, "--field", "amount", "--out", blank.with_suffix(".csv")]
    assert cli("process", blank, *words) == ExitCode.USAGE
    assert "give one of them" in capsys.readouterr().err
