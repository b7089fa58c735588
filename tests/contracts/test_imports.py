"""The layers of the house, read from the imports of every module."""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "digitscan"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "records", "settings", "names", "fields", "checkdigits", "bounds"}),
    frozenset({"imaging", "recognition"}),
    frozenset({"scans", "results", "overlay", "forms", "settings_file", "truth"})
    | {"rows", "wide_rows", "stderr", "evaluation", "calibration", "sheet"},
    frozenset({"line_lattices", "line_strings", "reader", "page_views", "whole_page"})
    | {
        "joint_reading",
        "fitted_form",
        "templated_page",
        "cropped_field",
        "cut_numbers",
        "pipeline",
    },
    frozenset(
        {
            "workers",
            "batch",
            "journal",
            "runrecord",
            "shards",
            "runs",
            "verification",
            "watch",
            "cluster",
            "form_files",
            "template_draft",
            "template_check",
        }
    ),
    frozenset({"cli", "__main__", "__init__"}),
)
"""Rooms from the ground up. A room imports from lower layers and from what `ABOVE` adds."""

NOT_BELOW = {2: {1}, 3: {2}}
"""Lower layers that a layer leaves alone: files know no pixels' stages, the pipeline no files."""

WITHIN = {
    *(
        ("line_lattices", room)
        for room in ("line_strings", "reader", "whole_page", "cropped_field")
    ),
    ("line_strings", "reader"),
    ("reader", "whole_page"),
    ("page_views", "whole_page"),
    ("reader", "cropped_field"),
    ("whole_page", "cropped_field"),
    *((room, "pipeline") for room in ("reader", "whole_page", "cropped_field", "cut_numbers")),
    ("workers", "batch"),
    ("journal", "runrecord"),
    ("runrecord", "shards"),
    *((room, "runs") for room in ("batch", "journal", "runrecord", "shards")),
    *((room, "cluster") for room in ("batch", "workers")),
    ("cluster", "runs"),
    ("batch", "form_files"),
    ("runrecord", "form_files"),
    ("form_files", "runs"),
    *((room, "template_check") for room in ("form_files", "template_draft")),
    *((room, "watch") for room in ("batch", "journal")),
    *((room, "verification") for room in ("batch", "form_files", "runrecord", "runs")),
    ("cli", "__main__"),
    ("cli", "__init__"),
    ("forms", "joint_reading"),
    *(
        (room, "templated_page")
        for room in (
            "forms",
            "joint_reading",
            "line_lattices",
            "line_strings",
            "reader",
            "whole_page",
        )
    ),
    ("forms", "fitted_form"),
    *(("fitted_form", room) for room in ("templated_page", "cut_numbers", "pipeline")),
    ("templated_page", "pipeline"),
    # Only what `SIBLINGS` names: the frame that networks are checked against.
    ("imaging", "recognition"),
    # Rows are written as results and read beside truth, where figures, thresholds and sheets begin.
    ("rows", "results"),
    ("rows", "wide_rows"),
    ("rows", "truth"),
    *(("truth", room) for room in ("evaluation", "calibration", "sheet")),
    ("scans", "sheet"),
    *((low, high) for low in LAYERS[0] for high in LAYERS[0]),
    *((room, "__init__") for layer in LAYERS for room in layer),
    # The version.
    ("__init__", "cli"),
    ("__init__", "runs"),
    ("__init__", "verification"),
}
"""Imported room and importing room where a layer or its gaps alone would forbid it."""

SIBLINGS = {
    # The nouns of a stage, which the next stage takes as its argument.
    ("imaging.components", "imaging.cuts"),
    ("imaging.components", "imaging.cut_paths"),
    ("imaging.cut_paths", "imaging.cuts"),
    ("imaging.components", "imaging.isolate"),
    ("imaging.components", "imaging.regions"),
    ("imaging.cuts", "imaging.groups"),
    ("imaging.regions", "imaging.numbers"),
    # How high writing is.
    ("imaging.components", "imaging.ruling"),
    # What a printed rule is, is said once.
    ("imaging.ruling", "imaging.isolate"),
    ("imaging.ruling", "imaging.regions"),
    ("imaging.ruling", "imaging.zones"),
    ("imaging.components", "imaging.zones"),
    ("imaging.feet", "imaging.zones"),
    # Print is placed on a patch in one place.
    ("imaging.patches", "imaging.marks"),
    ("imaging.patches", "imaging.zones"),
    # What a comb is, however broad its walls are.
    ("imaging.combs", "imaging.broad_combs"),
    ("imaging.comb_series", "imaging.broad_combs"),
    # Lines, what grows on them, and the combs that these are.
    ("imaging.comb_series", "imaging.boxes_apart"),
    ("imaging.page_lines", "imaging.boxes_apart"),
    *((f"imaging.{low}", "imaging.combs") for low in ("page_lines", "comb_series", "boxes_apart")),
    ("imaging.page_lines", "imaging.comb_series"),
    # Ink is labeled in one place.
    ("imaging.components", "imaging.broad_combs"),
    ("imaging.components", "imaging.feet"),
    ("imaging.components", "imaging.marks"),
    # A box stands where its rules are, with a digit in it or a cross.
    ("imaging.grids", "imaging.marks"),
    ("imaging.components", "imaging.comb_cells"),
    ("imaging.components", "imaging.lines"),
    ("imaging.components", "imaging.micr"),
    ("imaging.components", "imaging.micr_cells"),
    # Slant is counted in one place.
    ("imaging.shears", "imaging.cuts"),
    ("imaging.shears", "imaging.lines"),
    # Print is told from paper at one place.
    ("imaging.dark", "imaging.page_lines"),
    ("imaging.dark", "imaging.micr"),
    # Pages are reduced by whole blocks in one place.
    ("imaging.page_size", "imaging.micr"),
    ("imaging.page_size", "imaging.page_features"),
    # A cell in which nothing was found is looked at once more, alone.
    *(
        (f"imaging.{low}", "imaging.faint_cells")
        for low in ("binarize", "comb_cells", "components")
    ),
    # What is done to a page before all else is put in order in one place.
    ("imaging.crop_edges", "imaging.positive"),
    ("imaging.dither", "imaging.restore"),
    ("imaging.positive", "imaging.restore"),
    ("imaging.streaks", "imaging.restore"),
    # What is no paper is told in one place.
    ("imaging.cut_off", "imaging.outline"),
    # A bent page is laid flat before it is registered again.
    ("imaging.bend", "imaging.register"),
    ("imaging.page_features", "imaging.feature_pairs"),
    ("imaging.feature_pairs", "imaging.register"),
    # Features are the noun of registration.
    ("imaging.page_features", "imaging.register"),
    # A comb is a noun of whoever judges it.
    ("imaging.combs", "imaging.written_cells"),
    ("imaging.combs", "imaging.comb_ends"),
    ("imaging.combs", "imaging.squared"),
    ("imaging.numbers", "imaging.spaced_digits"),
    # The frame is written once.
    ("imaging.normalize", "recognition.classifier"),
    ("recognition.lattice", "recognition.marks"),
    ("imaging.line_ink", "imaging.lines"),
    ("recognition.ctc", "recognition.prefixes"),
    ("recognition.prefixes", "recognition.strings"),
    ("recognition.ctc", "recognition.strings"),
    # Lines are put into batches in one place.
    ("recognition.line_batches", "recognition.strings"),
    ("recognition.line_batches", "recognition.words"),
    ("recognition.ctc", "recognition.grouping"),
    # Two kinds of field, one way to ask.
    ("recognition.amounts", "recognition.grammar"),
    ("recognition.dates", "recognition.grammar"),
}
"""Imported and importing module among the stages, beside geometry, models and classifier."""
SHARED_STAGES = {"imaging.geometry", "recognition.models", "recognition.classifier"}

ALONE = {
    "typer": {"cli"},
    "rich": {"cli"},
    "onnxruntime": {"recognition.classifier"},
    "pypdfium2": {"scans"},
    "fsspec": {"scans"},
    "csv": {"results", "truth"},  # one writes the results, one reads true values beside them
    "pandas": {"results"},
    "pyarrow": {"results"},
    "multiprocessing": {"workers", "batch"},
    "concurrent": {"workers", "batch", "runs", "watch", "cluster"},
    "subprocess": set(),
    "cv2": {"imaging", "scans", "overlay", "sheet", "batch"},
}
"""Who alone may import what."""

TRAINING_ONLY = {"tensorflow", "keras", "tf2onnx", "onnx", "optuna", "matplotlib", "training"}
WORLD = {"os", "io", "pathlib", "shutil", "tempfile", "time", "random", "sys", "socket", "logging"}
"""Files, clocks, chance and console: not in the core."""
LOADERS = {"recognition.models", "recognition.classifier"}
"""The two modules of the core that open a file: the network itself."""


def list_modules() -> dict[str, Path]:
    modules = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) > 1:
            parts = parts[:-1]
        modules[".".join(parts)] = path
    return modules


MODULES = list_modules()


def room_of(module: str) -> str:
    return module.split(".")[0]


def layer_of(room: str) -> int:
    """Number of the layer, one above all for a room that has none."""
    return next((number for number, rooms in enumerate(LAYERS) if room in rooms), len(LAYERS))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def walk(tree: ast.AST, with_types: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if is_type_checking(node) and not with_types:
            continue
        yield node
        yield from walk(node, with_types)


@cache
def parse(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def find_imports(module: str, with_types: bool = True) -> frozenset[str]:
    """Full names of the modules that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in walk(parse(module), with_types):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import on line {node.lineno}"
            name = node.module or ""
            inner = name.removeprefix("digitscan").lstrip(".")
            for alias in node.names:
                longer = f"{inner}.{alias.name}".lstrip(".")
                known = name.startswith("digitscan") and longer in MODULES
                found.add(f"{name}.{alias.name}" if known else name)
    return frozenset(found)


def find_inner(module: str) -> set[str]:
    """Modules of the package that a module imports."""
    inner = {name.removeprefix("digitscan").lstrip(".") or "__init__"
             for name in find_imports(module) if name.split(".")[0] == "digitscan"}  # fmt: skip
    return {name if name in MODULES else name.rpartition(".")[0] for name in inner}


def test_every_module_has_a_layer() -> None:
    rooms = {room_of(module) for module in MODULES}
    assert rooms - set(chain.from_iterable(LAYERS)) == set()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    room = room_of(module)
    layer = layer_of(room)
    for imported in find_inner(module):
        other = room_of(imported)
        if other == room or (other, room) in WITHIN:
            continue
        below = layer_of(other)
        assert below < layer and below not in NOT_BELOW.get(layer, set()), (
            f"{module} imports {imported}"
        )


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) in LAYERS[1]])
def test_stages_import_only_the_nouns_of_stages(module: str) -> None:
    for imported in find_inner(module):
        if room_of(imported) not in LAYERS[1] or imported in SHARED_STAGES:
            continue
        assert (imported, module) in SIBLINGS, f"{module} imports {imported}"


def test_the_table_of_stages_names_no_import_that_is_gone() -> None:
    gone = {(low, high) for low, high in SIBLINGS if low not in find_inner(high)}
    assert gone == set()


@pytest.mark.parametrize("module", MODULES)
def test_packages_are_imported_where_they_belong(module: str) -> None:
    for name in find_imports(module, with_types=False):
        top = name.split(".")[0]
        assert top not in TRAINING_ONLY, f"{module} imports {name}"
        if top in ALONE:
            assert ALONE[top] & {module, room_of(module)}, f"{module} imports {name}"


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in MODULES
        if layer_of(room_of(name)) in (0, 1, 3) and name not in LOADERS and name != "names"
    ],
)
def test_the_core_knows_no_world(module: str) -> None:
    tops = {name.split(".")[0] for name in find_imports(module, with_types=False)}
    assert tops & WORLD == set()
    names = {
        node.func.id
        for node in ast.walk(parse(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert names & {"open", "input", "globals"} == set()


@pytest.mark.parametrize("module", MODULES)
def test_the_package_never_prints(module: str) -> None:
    tree = parse(module)
    names = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [node for node in names if isinstance(node, ast.Name) and node.id == "print"]


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_small(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{module} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_called_after_nothing(module: str) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"}
    assert set(module.split(".")) & vague == set()


def test_heavy_packages_wait_until_they_are_used() -> None:
    """`--help` answers at once: what the command line imports first imports nothing heavy."""
    heavy = {"cv2", "pandas", "pyarrow", "onnxruntime", "numpy", "pypdfium2", "rich"}
    for module in ("__init__", "__main__", *(n for n in MODULES if room_of(n) == "cli")):
        tree = parse(module)
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                top = {n.split(".")[0] for n in (*names, getattr(node, "module", None) or "")}
                assert top & heavy == set(), f"{module} imports {top & heavy} when it is loaded"
