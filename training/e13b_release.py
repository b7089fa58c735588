"""Release a trained E-13B network as a model package: ONNX file, metadata, card, test vectors."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digitscan.errors import ModelError
from digitscan.imaging.normalize import CENTER_PX, DIGIT_PX, FRAME_PX
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.models import load_package
from training.e13b import FACTS, WEIGHTS, Recipe, count_right, load_default_sources, read_cheques
from training.e13b_data import LABELS, RUBBISH, make_tiles
from training.export import (
    OUTPUT_NAME,
    VECTORS,
    check_parity,
    export_onnx,
)
from training.networks import INPUT_NAME
from training.packages import ONNX, describe_network, refuse_existing, today, write_metadata

logger = logging.getLogger(__name__)

TEST_LINES = 75
"""Drawn lines on which ONNX Runtime is compared with Keras: about 1,400 tiles."""


def release(run: Path, package: Path, data: Path) -> None:
    """Export a training run to a new package folder, compare it with Keras and measure it.

    Parameters
    ----------
    run : Path
        Folder written by `training.e13b.train`.
    package : Path
        New folder named `NAME-VERSION`, for example `models/e13b-1`.
    data : Path
        The real data: cheques to measure on, the E-13B font for the test tiles.

    Raises
    ------
    OutputError
        If the package is there already: packages never change.
    ModelError
        If the run is incomplete or ONNX Runtime differs from Keras.
    """
    refuse_existing(package)
    if not (run / WEIGHTS).is_file() or not (run / FACTS).is_file():
        raise ModelError(f"{run} holds no trained network; run python -m training.e13b train")
    network = keras.models.load_model(run / WEIGHTS)
    facts = json.loads((run / FACTS).read_text(encoding="utf-8"))
    package.mkdir(parents=True)
    path = package / ONNX
    export_onnx(network, path)
    tiles, _ = make_tiles(
        load_default_sources(data), TEST_LINES, np.random.default_rng(Recipe().seed + 2)
    )
    difference = check_parity(network, path, tiles)
    vectors = tiles[:VECTORS]
    np.savez_compressed(
        package / "test_vectors.npz", tiles=vectors, logits=network.predict(vectors, verbose=0)
    )
    metadata = describe(package, facts, data)
    write_metadata(package, metadata)
    metadata["results"] = list_results(facts, package, data, difference)
    write_metadata(package, metadata)
    (package / "MODEL_CARD.md").write_text(write_card(metadata), encoding="utf-8")
    logger.info("released %s: %d bytes, parity %.1e", package, path.stat().st_size, difference)


def describe(package: Path, facts: dict[str, Any], data: Path) -> dict[str, Any]:
    """Return the metadata of a package, its results left out.

    Parameters
    ----------
    package : Path
        Its name is `NAME-VERSION`; holds `model.onnx`.
    facts : dict
        As `training.e13b.train` wrote them.
    data : Path
        Holds the files whose hashes are recorded.

    Returns
    -------
    dict
    """
    ports = {
        "input": (INPUT_NAME, (None, FRAME_PX, FRAME_PX, 1)),
        "output": (OUTPUT_NAME, (None, len(LABELS))),
    }
    contract = {
        "frame_px": FRAME_PX,
        "digit_px": DIGIT_PX,
        "center_px": CENTER_PX,
        "ink": 1.0,
        "paper": 0.0,
        "labels": list(LABELS),
        "rubbish": RUBBISH,
        "output": "logits",
        "temperature": facts["results"]["temperature"],
    }
    provenance = {
        "command": "python -m training.e13b train && python -m training.e13b release runs/e13b "
        f"models/{package.name}",
        "config": facts["recipe"],
        "seeds": [facts["recipe"]["seed"]],
        "data": {"sources": facts["sources"], **_hash_data(data)},
    }
    return describe_network(package, ports, contract, provenance)


def list_results(
    facts: dict[str, Any], package: Path, data: Path, difference: float
) -> list[dict[str, Any]]:
    """Measure the released package and return the rows of its metadata's results."""
    date = today()
    held = "drawn lines of another seed"
    found = [
        (key.removeprefix("held_"), value, held)
        for key, value in facts["results"].items()
        if key.startswith("held_")
    ]
    found.append(("parity", difference, "drawn tiles"))
    if (data / "cheques" / "truth.csv").is_file():
        lines = read_cheques(data, OnnxClassifier(load_package(package)))
        total = sum(len(line.truth) for line in lines)
        right = sum(count_right(line.truth, line.text) for line in lines)
        exact = sum(line.text == line.truth for line in lines)
        cheques = f"MICR lines of {len(lines)} real cheques"
        found.append(("symbols_right", right / total, cheques))
        found.append(("lines_exact", exact / len(lines), cheques))
    return [
        {"metric": metric, "value": value, "set": measured, "date": date}
        for metric, value, measured in found
    ]


def write_card(metadata: dict[str, Any]) -> str:
    """Return the model card as Markdown."""
    results = "\n".join(
        f"| {row['set']} | {row['metric']} | {row['value']:.5g} |" for row in metadata["results"]
    )
    sources = ", ".join(metadata["provenance"]["data"]["sources"])
    return f"""# {metadata["name"]}-{metadata["version"]}: the E-13B network

Names one symbol of a MICR line: the ten digits, `A` transit, `B` amount, `C` on-us, `D` dash, or
`rubbish` for ink that is none of them. Input: tiles 28 x 28 in the frame of
`digitscan.imaging.normalize`, cut by `digitscan.imaging.micr_cells`. Output: 15 logits, to be
divided by the temperature {metadata["contract"]["temperature"]} before the softmax.

## What it reads, and what not

E-13B (ISO 1004-1) in black print, 100 to 600 dpi, gray or bitonal, with voids, spread and stray
ink. Not CMC-7, not OCR-A or OCR-B (they come out as rubbish), not handwriting.

## Data

Trained only on drawn lines: {sources}.
All tiles went through drawing, simulated print and scan faults, and the reader's own cutting. No
picture of a real cheque was used for the weights. GnuMICR (Eric Sandeen, GPL 2) was rendered for
training and is no part of the package; the drawn glyphs follow the standard's geometry.
The handwritten digits of the rubbish class are MNIST (LeCun, Cortes, Burges; CC BY-SA 3.0 as
usually cited).

## Results

| set | metric | value |
|---|---|---|
{results}

The real cheques (IDRBT Cheque Image Dataset; Dansena, Bag, Pal 2017; three banks, 300 dpi) chose
nothing here. A symbol counts as right when it stands in the reading in its order.

## Known failures

A symbol with more than half of its ink missing, or under a blot, is called rubbish, and the line
then gets a low confidence. The amount and dash symbols do not occur in the real lines: they are
measured on drawn ones only.

## Command

    {metadata["provenance"]["command"]}
"""


def _hash_data(data: Path) -> dict[str, str]:
    files = ("fonts/GnuMICR.ttf", "mnist/train-images-idx3-ubyte.gz")
    return {
        name: hashlib.sha256((data / name).read_bytes()).hexdigest()
        for name in files
        if (data / name).is_file()
    }
