"""The mean of two trainings of the string reader, the second of which went on from the first.

    python -m training.average_strings runs/strings-5 runs/strings-5-end --out runs/strings-5-mean

What the second learned is mostly kept, and what it forgot comes back (Wortsman and others, "Robust
fine-tuning of zero-shot models", CVPR 2022).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digitscan.errors import DigitscanError
from training.string_network import AVERAGED, build_network, load_averaged


def average_runs(runs: Sequence[Path], out: Path) -> None:
    """Write the mean of the weights of trainings, as a run that can be exported.

    Parameters
    ----------
    runs : sequence of Path
        Folders of `training.train_strings`, one network's.
    out : Path
        Folder of weights and configuration: that of the last run, and whose mean it is.

    Raises
    ------
    ModelError
        If a run has no weights.
    """
    weights = [load_averaged(run).get_weights() for run in runs]
    network = build_network()
    network.set_weights([np.mean(alike, axis=0) for alike in zip(*weights, strict=True)])
    out.mkdir(parents=True, exist_ok=True)
    network.save_weights(out / AVERAGED)
    configs = [json.loads((run / "config.json").read_text(encoding="utf-8")) for run in runs]
    config = {**configs[-1], "mean_of": [run.name for run in runs]}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Average runs; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="folders of trainings of one network")
    parser.add_argument("--out", type=Path, required=True, help="folder of their mean")
    options = parser.parse_args(arguments)
    try:
        average_runs(options.runs, options.out)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
