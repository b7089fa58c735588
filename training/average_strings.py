"""The mean of trainings of the string reader, or of packages, that began with the same weights.

    python -m training.average_strings models/strings-10 runs/strings-19 --out runs/strings-19-mean

What the later one learned is mostly kept, and what it forgot comes back (Wortsman and others,
"Robust fine-tuning of zero-shot models", CVPR 2022). The same run given twice counts twice.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from digitscan.errors import DigitscanError
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA
from training.doubted import load_doubted
from training.string_feed import Feed, feed_batches
from training.string_network import AVERAGED, build_network, load_averaged
from training.warm_start import renew_normalizations, start_from_package

BATCHES, COLUMNS, SEED = 16, 16_384, 5
"""Made lines that the statistics of the normalizations are measured on: some 1,100."""


def average_runs(runs: Sequence[Path], out: Path, batches: Sequence[Floats]) -> None:
    """Write the mean of the weights of trainings or packages, as a run that can be exported.

    Parameters
    ----------
    runs : sequence of Path
        Folders of `training.train_strings` or of packages, one network's; the last is a training.
    out : Path
        Folder of weights and configuration: that of the last run, and whose mean it is.
    batches : sequence of ndarray of float32, shape (N, 40, W, 1)
        Lines as training sees them, for the statistics of the normalizations.

    Raises
    ------
    ModelError
        If a run has no weights.
    """
    # A package is measured layer by layer: once, however often it is given.
    loaded = {run: _load(run, batches).get_weights() for run in dict.fromkeys(runs)}
    weights = [loaded[run] for run in runs]
    network = build_network()
    network.set_weights([np.mean(alike, axis=0) for alike in zip(*weights, strict=True)])
    renew_normalizations(network, batches)
    out.mkdir(parents=True, exist_ok=True)
    network.save_weights(out / AVERAGED)
    config = json.loads((runs[-1] / "config.json").read_text(encoding="utf-8"))
    config["mean_of"] = [run.name for run in runs]
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _load(run: Path, batches: Sequence[Floats]) -> keras.Model:
    """Load the network of a training or of a package."""
    if not (run / "metadata.json").is_file():
        return load_averaged(run)
    network = build_network()
    start_from_package(network, run, batches)
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Average runs; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of trainings or packages")
    parser.add_argument("--out", type=Path, required=True, help="folder of their mean")
    options = parser.parse_args(arguments)
    try:
        feed = Feed(options.data, SEED, columns=COLUMNS, doubted=load_doubted())
        lines = [batch.ink for batch in itertools.islice(feed_batches(feed, 0), BATCHES)]
        average_runs(options.runs, options.out, lines)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
