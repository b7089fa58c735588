"""What the README promises is what the program does."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from digitscan.cli import app
from digitscan.errors import ExitCode
from digitscan.records import Rejection, Status
from digitscan.rows import COLUMNS
from digitscan.settings_file import load_settings

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
GOLDEN = REPOSITORY / "tests" / "golden" / "scans.csv"
FIRST_SCREEN = README.partition("\n## ")[0]


def find_commands() -> dict[str, Any]:
    """Commands by name; typer carries its own click, so that its types are not imported here."""
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        inner = getattr(command, "commands", {})
        found.update({f"{name} {word}": one for word, one in inner.items()} or {name: command})
    return found


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def table_cells(text: str, column: int) -> list[str]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [row[column].strip() for row in rows[2:]]


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = section("Exit codes")
    found = dict(zip(table_cells(table, 1), map(int, table_cells(table, 0)), strict=True))
    assert found == {code.name: code.value for code in ExitCode}


def test_the_columns_are_those_of_the_results() -> None:
    cells = table_cells(section("The results file"), 0)
    assert tuple(cell.strip("`") for cell in cells) == COLUMNS


def test_every_status_and_reason_is_explained() -> None:
    text = section("The results file")
    for word in (*Status, *Rejection):
        assert f"`{word}`" in text
    batch = (REPOSITORY / "digitscan/batch.py").read_text(encoding="utf-8")
    errors = (REPOSITORY / "digitscan/errors.py").read_text(encoding="utf-8")
    reasons = re.findall(r'^ +reason = "([a-z-]+)"', batch + errors, re.MULTILINE)
    assert len(reasons) >= 6
    for reason in reasons:
        assert f"`{reason}`" in text


@pytest.mark.parametrize("name", find_commands())
def test_every_command_and_option_is_in_the_readme(name: str) -> None:
    assert f"digitscan {name}" in README
    for parameter in find_commands()[name].params:
        for option in parameter.opts:
            assert not option.startswith("-") or f"`{option}" in README or f" {option}" in README


def test_the_readme_names_no_option_that_is_gone() -> None:
    known = {"--version", "--update-golden", "--help"}
    for command in find_commands().values():
        known.update(option for parameter in command.params for option in parameter.opts)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def test_the_readme_names_no_command_that_is_gone() -> None:
    named = set(re.findall(r"(?:^    |[`/\\])digitscan ([a-z]+)", README, re.MULTILINE))
    assert named <= {name.split()[0] for name in find_commands()}
    assert {"process", "settings", "models"} <= named


def test_the_settings_example_is_right(tmp_path: Path) -> None:
    (example,) = code_blocks("toml")
    path = tmp_path / "digitscan.toml"
    path.write_text(example, encoding="utf-8")
    assert load_settings(path).confidence.min_confidence == 0.9


def test_the_library_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = code_blocks("python")
    monkeypatch.chdir(REPOSITORY)
    exec(compile(example, "README.md", "exec"), {})
    assert "30002010108847" in capsys.readouterr().out


def read_golden() -> list[dict[str, str]]:
    with GOLDEN.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def quote_results() -> str:
    """The header and what was read on the sample of the picture."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return "\n".join([lines[0], *(line for line in lines if line.startswith("cheque-1.jpg,"))])


def count_endings() -> dict[str, int]:
    """The counts of the closing table, from the rows."""
    rows = read_golden()
    return {
        "files": len({row["file"] for row in rows}),
        "pages": len({(row["file"], row["page"]) for row in rows}),
        "numbers read": sum(row["status"] == "read" for row in rows),
        "numbers rejected": sum(row["status"] == "rejected" for row in rows),
        "nothing written": sum(row["status"] == "empty" for row in rows),
        "failed pages": sum(row["status"] == "failed" for row in rows),
    }


def test_the_first_screen_quotes_the_results_as_they_are(update_golden: bool) -> None:
    text = README
    if update_golden:
        text = re.sub(r"(?s)(?<=```csv\n).*?(?=\n```)", quote_results(), text)
        for name, count in count_endings().items():
            text = re.sub(rf"(?m)^({name} *) \d+$", rf"\g<1> {count}", text, count=1)
        (REPOSITORY / "README.md").write_text(text, encoding="utf-8", newline="\n")
    (quoted,) = re.findall(r"(?ms)^```csv\n(.*?)\n```", text)
    assert quoted == quote_results()
    for name, count in count_endings().items():
        assert re.search(rf"(?m)^{name} +{count}$", text), name


def test_every_link_and_folder_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (REPOSITORY / target).exists(), target
    for folder in table_cells(section("Development"), 0):
        assert (REPOSITORY / folder.strip("`")).is_dir(), folder


def test_the_first_screen_has_a_command_for_every_system() -> None:
    assert "\n    python3 -m venv .venv && " in FIRST_SCREEN
    assert "\n    py -m venv .venv; " in FIRST_SCREEN
    assert re.search(r"^!\[.+\]\(docs/.+\)$", FIRST_SCREEN, re.MULTILINE)
    assert len(FIRST_SCREEN.splitlines()) < 60


def test_there_is_one_test_command_that_the_checks_call() -> None:
    assert len(re.findall(r"^    python3 -m venv .*-m pytest$", README, re.MULTILINE)) == 1
