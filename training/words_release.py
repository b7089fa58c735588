"""Release a trained word screen as a model package: ONNX file, metadata, test vectors, figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digitscan.errors import ModelError
from digitscan.imaging.lines import LINE_PX, normalize_line
from digitscan.line_strings import WORDS
from digitscan.recognition.models import load_package
from digitscan.recognition.words import LABELS, WordScreen
from digitscan.records import Floats
from training.amounts import load_amounts
from training.export_strings import (
    INPUT_NAME,
    OUTPUT_NAME,
    check_parity,
    describe_frame,
    export_lines,
)
from training.packages import describe_network, make_result, refuse_existing, write_metadata
from training.provenance import hash_data
from training.string_fields import take_ink

WEIGHTS = "weights.weights.h5"
CONFIG = "config.json"


def release(
    network: keras.Model, run: Path, out: Path, data: Path, made: Sequence[tuple[Floats, bool]]
) -> dict[str, Any]:
    """Export a network to a new package folder, compare it with Keras and measure it.

    Parameters
    ----------
    network : keras.Model
        With the weights to release.
    run : Path
        Folder of the training; its `config.json` goes into the metadata.
    out : Path
        The package, `NAME-VERSION`; must not exist, since packages never change.
    data : Path
        Holds the real amounts that are measured on.
    made : sequence of (ndarray, bool)
        Made lines of a seed of their own; True where a number stands in one.

    Returns
    -------
    dict
        The metadata that was written.

    Raises
    ------
    OutputError
        If the package exists.
    ModelError
        If ONNX Runtime and Keras disagree.
    """
    refuse_existing(out)
    if not (run / CONFIG).is_file():
        raise ModelError(f"{run} holds no trained network; run python -m training.words train")
    export_lines(network, out)
    metadata = _describe(out, json.loads((run / CONFIG).read_text(encoding="utf-8")), data)
    write_metadata(out, metadata)
    parity = check_parity(network, out)
    metadata["results"] = [make_result("parity", parity, "made lines"), *_measure(out, data, made)]
    write_metadata(out, metadata)
    return metadata


def _measure(
    package: Path, data: Path, made: Sequence[tuple[Floats, bool]]
) -> list[dict[str, Any]]:
    """Return which lines the reader would read on with, and which it would take for words."""
    screen = WordScreen(load_package(package))
    share = screen.share_numbers([line for line, _ in made])
    is_number = np.array([known for _, known in made])
    results = [
        make_result("numbers kept", float(np.mean(share[is_number] >= WORDS)), "made lines"),
        make_result("words rejected", float(np.mean(share[~is_number] < WORDS)), "made lines"),
    ]
    for part in ("held", "apart"):
        # As on a page, where ink alone is looked at.
        lines = [normalize_line(take_ink(amount.image)) for amount in load_amounts(data, part)]
        kept = float(np.mean(screen.share_numbers(lines) >= WORDS))
        results.append(make_result("numbers kept", kept, f"cheque_amounts {part}"))
    return results


def _describe(out: Path, config: dict[str, Any], data: Path) -> dict[str, Any]:
    ports = {
        "input": (INPUT_NAME, (None, LINE_PX, None, 1)),
        "output": (OUTPUT_NAME, (None, len(LABELS))),
    }
    provenance = {
        "command": f"python -m training.words train runs/words && "
        f"python -m training.words release runs/words models/{out.name}",
        "config": config,
        "seeds": [config["seed"]],
        "data": hash_data(data, mnist="train-*.gz"),
    }
    return describe_network(out, ports, describe_frame(LABELS), provenance)
