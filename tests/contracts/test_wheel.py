"""The wheel: the package and its models, what they need, and nothing of the training."""

import os
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.build import build_wheel

import digitscan
from tests.contracts.test_imports import MODULES, find_imports

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_SHIPPED = ("training/", "samples/", "tests/", ".ci/", "docs/", "shared/")
TRAINING = ("tensorflow", "keras", "tf2onnx", "onnx", "optuna", "matplotlib")
IMPORT_NAMES = {"opencv-python-headless": "cv2"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    before = Path.cwd()
    os.chdir(REPOSITORY)
    try:
        return folder / build_wheel(str(folder))
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path, names: set[str]) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        path = next(name for name in names if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(path).decode())


def read_project() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def name_of(requirement: str) -> str:
    head = requirement.split(";")[0]
    for end in "<>=!~[ ":
        head = head.split(end)[0]
    return head.lower()


def test_the_wheel_holds_every_model_package(names: set[str]) -> None:
    files = [path for path in (REPOSITORY / "models").rglob("*") if path.is_file()]
    wanted = {
        f"digitscan/{path.relative_to(REPOSITORY).as_posix()}"
        for path in files
        if path.name not in ("weights.keras", "float32.onnx")
    }
    assert wanted
    assert wanted == {name for name in names if name.startswith("digitscan/models/")}


def test_the_wheel_holds_every_module_and_the_types_marker(names: set[str]) -> None:
    modules = {f"digitscan/{path.relative_to(REPOSITORY / 'digitscan').as_posix()}"
               for path in MODULES.values()}  # fmt: skip
    assert modules | {"digitscan/py.typed"} <= names


def test_the_wheel_holds_nothing_else_of_the_repository(names: set[str]) -> None:
    assert [name for name in names if name.startswith(NOT_SHIPPED)] == []
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"digitscan"}


def test_the_wheel_needs_no_training_packages(metadata: Message) -> None:
    needed = {
        name_of(text) for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text
    }
    assert needed & set(TRAINING) == set()


def test_the_wheel_carries_version_licence_and_command(wheel: Path, metadata: Message) -> None:
    assert metadata["Version"] == digitscan.__version__
    assert metadata["License-Expression"] == "MIT"
    with zipfile.ZipFile(wheel) as archive:
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "digitscan = digitscan.cli:main" in archive.read(entry).decode()


def test_every_needed_package_is_used_and_every_used_one_declared() -> None:
    declared = {name_of(text) for text in read_project()["dependencies"]}
    used = {name.split(".")[0] for module in MODULES for name in find_imports(module)}
    assert {IMPORT_NAMES.get(name, name) for name in declared} <= used
    optional = {"pyarrow"}
    third_party = used & {"cv2", "numpy", "onnxruntime", "pandas", "PIL", "pypdfium2", "pyarrow",
                          "rich", "scipy", "typer", "click"}  # fmt: skip
    assert third_party - optional <= {IMPORT_NAMES.get(name, name) for name in declared}


def test_every_pin_has_its_reason_beside_it() -> None:
    lines = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for dependency in read_project()["dependencies"]:
        at = next(number for number, line in enumerate(lines) if f'"{dependency}"' in line)
        assert lines[at - 1].strip().startswith("#"), dependency
        assert "<" in dependency


def test_training_tools_are_locked_exactly() -> None:
    extras = read_project()["optional-dependencies"]
    assert {name_of(text) for text in extras["training"]} == set(TRAINING)
    assert all("==" in text for text in extras["training"])
