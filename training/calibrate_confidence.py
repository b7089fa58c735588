"""Calibrate the confidence of whole readings and release it as a model package.

    python -m training.calibrate_confidence --package models/confidence-3

reads the held amounts, which no network was trained on, with each set of readers, each crop as it
is and in some variants, fits a logistic regression to what the evidence was worth, and writes the
package with its figures: fitted on some blocks of writers, measured on the others as they are.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from digitscan.errors import DigitscanError
from digitscan.recognition.confidence import Readers
from training.amounts import DEFAULT_DATA
from training.confidence_release import release
from training.weighing import collect_samples, fit_weighing, list_figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the real data")
    parser.add_argument("--package", type=Path, required=True, help="new folder NAME-VERSION")
    parser.add_argument("--parts", nargs="+", default=["held"], help="parts of the amounts")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        fits = []
        for readers in Readers:
            fits.append(
                fit_weighing(collect_samples(options.data, options.parts, readers), readers)
            )
            for metric, value, where in list_figures(fits[-1], options.parts):
                print(f"{metric:<26}{value:>9.4f}  {where}")
        release(options.package, options.data, fits, options.parts)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
