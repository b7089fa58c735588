"""Lines of ink -> their lattices: cut where needed, classified in two calls, searched."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind, Grammar
from digitscan.imaging.components import cut_labeled
from digitscan.imaging.cuts import Pieces, cut_pieces, split_components
from digitscan.imaging.groups import Groups, cut_groups, plan_groups
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import Classifier
from digitscan.recognition.lattice import Lattice, Path, build_lattice, find_paths
from digitscan.records import Box, Floats, Gray, Region
from digitscan.settings import Settings

MAX_PIECES = 160
"""More pieces than this are no number: 40 digits, each cut into four."""
RUBBISH = 0.98
"""What the screen calls rubbish with so much probability is: of 148 tiles of a cheque 40 are not
shown to the digit network, and its fields are read as before."""


CELL_RUBBISH = 0.1
"""Share that is left of the probability of rubbish in a box of a comb: a box holds one digit, or a
cross, of which the network is surer still. A looped 2 whose tail fills its box was called rubbish
with 0.93 to 0.95 in four of the 32 dates of the cheques."""


@dataclass(frozen=True, slots=True)
class Line:
    """One number on the page, ready to be read.

    Attributes
    ----------
    region : Region
        Where the number stands, in pixels of the upright page.
    window : Box
        Where `ink` was cut from, somewhat larger.
    ink : ndarray of uint8, shape (h, w)
        Ink strength, other writing left out.
    kind : FieldKind or None
        What the field says; None where nobody knows.
    gray : ndarray of uint8, shape (h, w), or None
        The crop as it was given, which the string reader looks at; None where other writing was
        left out: there it looks at `ink`.
    cells : Pieces or None
        The digits of a comb, which need no cutting; None for free writing.
    grammar : Grammar or None
        What the field may say, where a template tells; None for any text of its kind.
    lacks_stroke : bool
        True where a stroke that may be a digit stands beside the number and was left out.
    on_rule : ndarray of uint8, shape (h, w), or None
        `ink` with the rule that the number stands on, which the string reader looks at: what a foot
        has in common with the rule is gone from `ink`. None where there is no rule.
    """

    region: Region
    window: Box
    ink: Gray
    kind: FieldKind | None = None
    gray: Gray | None = None
    cells: Pieces | None = None
    grammar: Grammar | None = None
    lacks_stroke: bool = False
    on_rule: Gray | None = None

    @property
    def known_kind(self) -> FieldKind | None:
        """What the field is known to hold, by its grammar where it has one."""
        return self.kind if self.grammar is None else self.grammar.kind


@dataclass(frozen=True, slots=True)
class Cut:
    """A line, its pieces and the lattice over them."""

    line: Line
    pieces: Pieces
    groups: Groups
    lattice: Lattice
    paths: tuple[Path, ...]


def search_lattices(
    lines: tuple[Line, ...],
    digits: Classifier,
    settings: Settings,
    screen: Classifier | None = None,
) -> tuple[Cut, ...]:
    """Cut every line where that is needed and find the best paths of its lattice.

    The network is asked twice a page: for the components as they are, then, where it was not sure
    that one is a single digit, for the groups of pieces cut from it. Plain print and well spaced
    writing need no cuts, and these are most of a page.

    Parameters
    ----------
    lines : tuple of Line
    digits : Classifier
    settings : Settings
    screen : Classifier, optional
        Sorts out rubbish before `digits` is asked.

    Returns
    -------
    tuple of Cut
        One for each line.
    """
    threshold = settings.ink.threshold
    wholes = [line.cells or split_components(line.ink, threshold) for line in lines]
    seen = _see_components(lines, wholes, digits, settings, screen)
    sure = [_are_sure(one, share, settings) for one, share in zip(wholes, seen, strict=True)]
    pieces = [
        cut_pieces(one, some, threshold, settings.cuts)
        for one, some in zip(wholes, sure, strict=True)
    ]
    groups = [plan_groups(one, settings.cuts) for one in pieces]
    # What is still one whole component has been seen.
    known = [
        group.alone & ~one.is_cut[group.spans[:, 0]]
        for one, group in zip(pieces, groups, strict=True)
    ]
    asked = [
        group.worth & ~own & (group.pieces <= MAX_PIECES)
        for own, group in zip(known, groups, strict=True)
    ]
    parts = _classify(
        digits,
        [cut_groups(*three) for three in zip(pieces, groups, asked, strict=True)],
        screen,
    )
    cuts = []
    for k, line in enumerate(lines):
        probabilities = _spread(parts[k], asked[k])
        whole = pieces[k].component[groups[k].spans[known[k], 0]]
        probabilities[known[k]] = seen[k][whole]
        lattice = build_lattice(
            groups[k].pieces,
            groups[k].spans,
            groups[k].shapes,
            probabilities,
            settings.lattice,
            groups[k].seams,
        )
        paths = find_paths(lattice, settings.lattice)
        cuts.append(Cut(line, pieces[k], groups[k], lattice, paths))
    return tuple(cuts)


def _see_components(
    lines: Sequence[Line],
    wholes: Sequence[Pieces],
    digits: Classifier,
    settings: Settings,
    screen: Classifier | None,
) -> list[Floats]:
    """Show the components of every line, as they are, to the network: a row for each of them."""
    # A thicket of strokes is not shown.
    tall = [_are_tall(one, settings) & (len(one.boxes) <= MAX_PIECES) for one in wholes]
    inks = [
        cut_labeled(one.ink, one.owner, one.boxes, np.flatnonzero(few))
        for one, few in zip(wholes, tall, strict=True)
    ]
    named = _classify(digits, inks, screen)
    return [
        _spread(some if line.cells is None else _doubt_rubbish(some), few)
        for line, some, few in zip(lines, named, tall, strict=True)
    ]


def _are_tall(pieces: Pieces, settings: Settings) -> npt.NDArray[np.bool_]:
    """Say of each piece whether it may be a digit by its height."""
    heights = pieces.boxes[:, 3] - pieces.boxes[:, 1]
    return np.asarray(heights >= settings.cuts.short * pieces.text_height)


def _are_sure(pieces: Pieces, share: Floats, settings: Settings) -> npt.NDArray[np.bool_]:
    """Say of each piece whether the network is sure that it is one digit as it stands.

    Of a narrow one it is never: it need not be cut, and may be the right half of an open 4.
    """
    widths = (pieces.boxes[:, 2] - pieces.boxes[:, 0]) / max(pieces.text_height, 1.0)
    plain = (widths <= settings.cuts.sure_wide) & (widths >= settings.cuts.narrow)
    return np.asarray((share[:, :10].max(axis=1) >= settings.cuts.sure) & plain)


def _classify(
    digits: Classifier, inks: list[list[Gray]], screen: Classifier | None = None
) -> list[Floats]:
    """Name the inks of many lines in one call; those that the screen calls rubbish are rubbish."""
    if not inks:
        return []
    tiles = normalize_tiles([ink for some in inks for ink in some])
    if screen is None:
        seen = digits.classify(tiles)
    else:
        seen = screen.classify(tiles)
        doubted = np.flatnonzero(seen[:, 10] < RUBBISH)
        seen[doubted] = digits.classify(tiles[doubted])
    ends = np.cumsum([len(some) for some in inks])[:-1]
    return list(np.split(seen, ends))


def _doubt_rubbish(seen: Floats) -> Floats:
    """Lower the probability of rubbish, as of what stands in a box."""
    weighed = seen * np.append(np.ones(10, np.float32), np.float32(CELL_RUBBISH))
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)


def _spread(seen: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Return a row for each item, rubbish where the network was not asked."""
    probabilities = np.zeros((chosen.size, 11), np.float32)
    probabilities[:, 10] = 1.0
    probabilities[chosen] = seen
    return probabilities
