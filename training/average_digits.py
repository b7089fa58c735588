"""The mean of a digit network and trainings that went on from it.

    python -m training.average_digits models/digits-9 runs/digits-written --out runs/digits-mean

What the later one learned is mostly kept, and what it forgot comes back (Wortsman and others,
"Robust fine-tuning of zero-shot models", CVPR 2022). The same folder given twice counts twice.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from digitscan.errors import DigitscanError, ModelError


def average_digits(folders: Sequence[Path], out: Path) -> None:
    """Write the mean of the weights of packages and trainings, as a run that can be exported.

    The statistics of the normalizations are averaged as well, which costs networks so near to each
    other nothing: digits-9, the training that went on from it and their mean all read 99.6 % of
    MNIST's test digits.

    Parameters
    ----------
    folders : sequence of Path
        Packages with their Keras weights, and trainings, of which the last epoch's averaged
        weights count; one network's, the last a training.
    out : Path
        Folder of weights and configuration: that of the last training, and whose mean it is.

    Raises
    ------
    ModelError
        If a folder has no weights, or they are another network's.
    """
    networks = [_load(folder) for folder in folders]
    weights = [network.get_weights() for network in networks]
    shapes = [[weight.shape for weight in one] for one in weights]
    if any(one != shapes[-1] for one in shapes):
        names = ", ".join(folder.name for folder in folders)
        raise ModelError(f"{names} are not trainings of one network: give folders of like layers")
    mean = networks[-1]
    mean.set_weights([np.mean(alike, axis=0) for alike in zip(*weights, strict=True)])
    out.mkdir(parents=True, exist_ok=True)
    mean.save(out / "best.keras")
    config = json.loads((folders[-1] / "config.json").read_text(encoding="utf-8"))
    config["mean_of"] = [folder.name for folder in folders]
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _load(folder: Path) -> keras.Model:
    """Load the network of a package or of a training."""
    for name in ("weights.keras", "best.keras"):
        if (folder / name).is_file():
            network = keras.models.load_model(folder / name, compile=False)
            break
    else:
        raise ModelError(f"{folder} has no Keras weights: give a package or a training of digits")
    if (folder / "average.npz").is_file():
        with np.load(folder / "average.npz") as arrays:
            network.set_weights([arrays[f"w{index}"] for index in range(len(arrays.files) - 1)])
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Average folders; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="packages and trainings")
    parser.add_argument("--out", type=Path, required=True, help="folder of their mean")
    options = parser.parse_args(arguments)
    try:
        average_digits(options.folders, options.out)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
