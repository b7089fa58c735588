"""The networks, and how they read the lines of a page together."""

from dataclasses import dataclass

import numpy as np

from digitscan.imaging.cuts import Pieces, split_pieces
from digitscan.imaging.groups import Groups, cut_groups, locate_group, plan_groups
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import Classifier
from digitscan.recognition.lattice import Path, build_lattice, find_paths, share_probability
from digitscan.records import Box, Candidate, Digit, Floats, Gray, Reading, Region, Rejection
from digitscan.settings import Settings


@dataclass(frozen=True, slots=True)
class Reader:
    """The loaded networks; made once per worker.

    Attributes
    ----------
    digits : Classifier
        Names tiles.
    """

    digits: Classifier


@dataclass(frozen=True, slots=True)
class Line:
    """The ink of one number on the page, ready to be read.

    Attributes
    ----------
    region : Region
        Where, in pixels of the upright page.
    ink : ndarray of uint8, shape (h, w)
        Ink strength, other writing left out.
    """

    region: Region
    ink: Gray


def read_lines(
    lines: tuple[Line, ...], reader: Reader, settings: Settings = Settings()
) -> tuple[Reading, ...]:
    """Read many lines, all their tiles in one call of the network.

    Parameters
    ----------
    lines : tuple of Line
    reader : Reader
    settings : Settings

    Returns
    -------
    tuple of Reading
        One for each line, in their order.
    """
    pieces = [split_pieces(line.ink, settings.ink.threshold, settings.cuts) for line in lines]
    groups = [plan_groups(one, settings.cuts) for one in pieces]
    inks = [ink for one, group in zip(pieces, groups, strict=True) for ink in cut_groups(one, group)]
    seen = reader.digits.classify(normalize_tiles(inks))
    readings = []
    start = 0
    for line, one, group in zip(lines, pieces, groups, strict=True):
        count = int(np.count_nonzero(group.worth))
        probabilities = _spread(seen[start : start + count], group)
        start += count
        readings.append(_decide(line, one, group, probabilities, settings))
    return tuple(readings)


def _spread(seen: Floats, groups: Groups) -> Floats:
    """Return a row for every group; marks that the network did not see are rubbish."""
    probabilities = np.zeros((len(groups.spans), 11), np.float32)
    probabilities[:, 10] = 1.0
    probabilities[groups.worth] = seen
    return probabilities


def _decide(
    line: Line, pieces: Pieces, groups: Groups, probabilities: Floats, settings: Settings
) -> Reading:
    lattice = build_lattice(
        groups.pieces, groups.spans, groups.shapes, probabilities, settings.lattice
    )
    paths = find_paths(lattice, settings.lattice)
    shares = share_probability(
        np.array([path.score for path in paths]), settings.lattice.temperature
    )
    candidates = tuple(
        Candidate(path.text, share) for path, share in zip(paths, shares, strict=True) if path.text
    )
    if not candidates or not paths[0].text:
        return Reading(line.region, "", "", 0.0, candidates[:3], Rejection.NO_DIGITS)
    best = candidates[0]
    # Posterior times how sure the path is of its own digits.
    sure = float(np.exp(min(0.0, paths[0].score)))
    return Reading(
        line.region,
        best.text,
        best.text,
        best.confidence * sure,
        candidates[1:4],
        None,
        "",
        _name_digits(paths[0], pieces, line.region.box),
    )


def _name_digits(path: Path, pieces: Pieces, box: Box) -> tuple[Digit, ...]:
    return tuple(
        Digit(locate_group(pieces, arc.first, arc.last, box), arc.label, arc.confidence)
        for arc in path.arcs
        if arc.label
    )
