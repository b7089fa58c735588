"""The networks, and how they read the lines of a page together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind, Grammar, Hypothesis
from digitscan.imaging.cuts import Pieces, cut_pieces, split_components
from digitscan.imaging.geometry import clip_box, map_box
from digitscan.imaging.groups import Groups, cut_groups, locate_group, plan_groups
from digitscan.imaging.lines import VIEWS, View, normalize_views
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import Classifier
from digitscan.recognition.combine import Verdicts, combine_readers
from digitscan.recognition.confidence import Calibration, Evidence, estimate_confidence
from digitscan.recognition.grammar import (
    Verdict,
    apply_grammar,
    guess_kind,
    have_sense,
    is_allowed,
    normalize_value,
)
from digitscan.recognition.lattice import Lattice, Path, build_lattice, find_path, find_paths
from digitscan.recognition.marks import find_marks, share_rubbish
from digitscan.recognition.strings import StringReader, log_likelihoods
from digitscan.records import Box, Candidate, Digit, Floats, Gray, Reading, Region, Rejection
from digitscan.settings import Settings

MAX_PIECES = 160
"""More pieces than this are no number: 40 digits, each cut into four."""


MAX_BEHIND = 9.0
"""A path e^9 less likely than the best is not looked at by the string reader."""
DATE = Grammar(kind=FieldKind.DATE)
DATE_CELLS = 8
"""Boxes of a date, DDMMYYYY in some order; shorter rows of boxes hold counts and codes as well."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The loaded networks; made once per worker.

    Attributes
    ----------
    digits : Classifier
        Names tiles.
    strings : StringReader or None
        Reads whole fields; None when it is switched off.
    e13b : Classifier or None
        Names the symbols of MICR lines; None to leave those lines out.
    calibration : Calibration
        Evidence to confidence.
    """

    digits: Classifier
    strings: StringReader | None
    e13b: Classifier | None
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Line:
    """One number on the page, ready to be read.

    Attributes
    ----------
    region : Region
        Where the number stands, in pixels of the upright page.
    window : Box
        Where `ink` and `gray` were cut from, somewhat larger.
    ink : ndarray of uint8, shape (h, w)
        Ink strength, other writing left out.
    gray : ndarray of uint8, shape (h, w)
        What the string reader looks at.
    kind : FieldKind or None
        What the field says; None where nobody knows.
    cells : Pieces or None
        The digits of a comb, which need no cutting; None for free writing.
    """

    region: Region
    window: Box
    ink: Gray
    gray: Gray
    kind: FieldKind | None = None
    cells: Pieces | None = None


@dataclass(frozen=True, slots=True)
class _Cut:
    """A line, its pieces and the lattice over them."""

    line: Line
    pieces: Pieces
    groups: Groups
    lattice: Lattice
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """A reading with all that was said for it; calibration is trained on these.

    Attributes
    ----------
    reading : Reading
    evidence : Evidence or None
        None when no reader found a digit.
    blank : float
        The string reader's probability that there is no number; 0.0 where it was not asked.
    """

    reading: Reading
    evidence: Evidence | None
    blank: float = 0.0


def read_lines(
    lines: tuple[Line, ...],
    reader: Reader,
    settings: Settings = Settings(),
    views: Sequence[View] = VIEWS,
    least_sure: float = 0.0,
    least_quality: float = -np.inf,
) -> tuple[Considered, ...]:
    """Read many lines, all their tiles in one call of the digit network.

    Parameters
    ----------
    lines : tuple of Line
    reader : Reader
    settings : Settings
    views : sequence of View
        How the string reader looks at each line.
    least_sure : float
        Lines of which less than this share of the components are surely digits are given up
        before anything is cut: words that were taken for numbers.
    least_quality : float
        Lines whose best path scores less than this for each of its digits are given up before
        the string reader looks at them.

    Returns
    -------
    tuple of Considered
        One for each line, in their order.
    """
    cuts = _search_lattices(lines, reader, settings, least_sure)
    chosen = [k for k, cut in enumerate(cuts) if _rate(cut) >= least_quality]
    views_of = [normalize_views(lines[k].gray, views) for k in chosen]
    candidates, odds = _find_candidates([cuts[k] for k in chosen], views_of, reader, settings)
    considered = [_give_up(line) for line in lines]
    for k, paths, odd in zip(chosen, candidates, odds, strict=True):
        considered[k] = _consider(cuts[k], paths, odd, reader, settings)
    return tuple(considered)


def _rate(cut: _Cut) -> float:
    """Return how well the lattice's best path explains the ink, for each digit of it."""
    if not cut.paths or not cut.paths[0].text:
        return -np.inf
    return cut.paths[0].score / len(cut.paths[0].text)


def _give_up(line: Line) -> Considered:
    return Considered(Reading(line.region, "", "", 0.0, (), Rejection.NO_DIGITS), None)


def map_reading(reading: Reading, way: npt.NDArray[np.float64], shape: tuple[int, int]) -> Reading:
    """Take the boxes of a reading back to where its page came from.

    Parameters
    ----------
    reading : Reading
    way : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the reading's page to the other one.
    shape : tuple of int
        (H, W) of the other page.

    Returns
    -------
    Reading
    """
    region = replace(reading.region, box=clip_box(map_box(reading.region.box, way), shape))
    digits = tuple(
        replace(digit, box=clip_box(map_box(digit.box, way), shape)) for digit in reading.digits
    )
    return replace(reading, region=region, digits=digits)


def _search_lattices(
    lines: tuple[Line, ...], reader: Reader, settings: Settings, least_sure: float = 0.0
) -> tuple[_Cut, ...]:
    """Cut every line where that is needed and find the best paths of its lattice.

    The network is asked twice a page: for the components as they are, then, where it was not sure
    that one is a single digit, for the groups of pieces cut from it. Plain print and well spaced
    writing need no cuts, and these are most of a page.
    """
    threshold = settings.ink.threshold
    wholes = [line.cells or split_components(line.ink, threshold) for line in lines]
    tall = [_are_tall(one, settings) for one in wholes]
    alone = _classify(
        reader, [_cut_wholes(one, few) for one, few in zip(wholes, tall, strict=True)]
    )
    seen = [_spread(some, few) for some, few in zip(alone, tall, strict=True)]
    sure = [_are_sure(one, share, settings) for one, share in zip(wholes, seen, strict=True)]
    given_up = [
        np.count_nonzero(some) < least_sure * np.count_nonzero(few)
        for some, few in zip(sure, tall, strict=True)
    ]
    pieces = [
        one if word else cut_pieces(one, some, threshold, settings.cuts)
        for one, some, word in zip(wholes, sure, given_up, strict=True)
    ]
    groups = [plan_groups(one, settings.cuts) for one in pieces]
    # What is still one whole component has been seen.
    asked = [
        group.worth
        & ~(group.alone & (one.source[group.spans[:, 0]] >= 0))
        & (group.pieces <= MAX_PIECES and not word)
        for one, group, word in zip(pieces, groups, given_up, strict=True)
    ]
    parts = _classify(
        reader,
        [cut_groups(*three) for three in zip(pieces, groups, asked, strict=True)],
    )
    cuts = []
    for k, line in enumerate(lines):
        probabilities = _spread(parts[k], asked[k])
        known = groups[k].alone & (pieces[k].source[groups[k].spans[:, 0]] >= 0)
        probabilities[known] = seen[k][pieces[k].source[groups[k].spans[known, 0]]]
        lattice = build_lattice(
            groups[k].pieces, groups[k].spans, groups[k].shapes, probabilities, settings.lattice
        )
        paths = () if given_up[k] else find_paths(lattice, settings.lattice)
        cuts.append(_Cut(line, pieces[k], groups[k], lattice, paths))
    return tuple(cuts)


def _are_tall(pieces: Pieces, settings: Settings) -> npt.NDArray[np.bool_]:
    """Say of each piece whether it may be a digit by its height."""
    heights = pieces.boxes[:, 3] - pieces.boxes[:, 1]
    return np.asarray(heights >= settings.cuts.short * pieces.text_height)


def _are_sure(pieces: Pieces, share: Floats, settings: Settings) -> npt.NDArray[np.bool_]:
    """Say of each piece whether the network is sure that it is one digit as it stands."""
    widths = pieces.boxes[:, 2] - pieces.boxes[:, 0]
    plain = widths <= settings.cuts.sure_wide * pieces.text_height
    return np.asarray((share[:, :10].max(axis=1) >= settings.cuts.sure) & plain)


def _cut_wholes(pieces: Pieces, chosen: npt.NDArray[np.bool_]) -> list[Gray]:
    """Cut out the ink of chosen pieces."""
    inks = []
    for index in np.flatnonzero(chosen):
        left, top, right, bottom = pieces.boxes[index]
        window = np.s_[top:bottom, left:right]
        own = pieces.owner[window] == index + 1
        inks.append(np.where(own, pieces.ink[window], 0).astype(np.uint8))
    return inks


def _classify(reader: Reader, inks: list[list[Gray]]) -> list[Floats]:
    """Name the inks of many lines in one call."""
    seen = reader.digits.classify(normalize_tiles([ink for some in inks for ink in some]))
    ends = np.cumsum([len(some) for some in inks])[:-1]
    return list(np.split(seen, ends))


def _spread(seen: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Return a row for each item, rubbish where the network was not asked."""
    probabilities = np.zeros((chosen.size, 11), np.float32)
    probabilities[:, 10] = 1.0
    probabilities[chosen] = seen
    return probabilities


def _find_candidates(
    cuts: list[_Cut], views_of: list[tuple[Floats, ...]], reader: Reader, settings: Settings
) -> tuple[list[dict[str, Path | None]], list[npt.NDArray[np.float64] | None]]:
    """Return what each line may say by either reader, and the string reader's word on each text.

    Each text comes with its best path, None where the lattice has no way to read it. The odds end
    with those of the empty text, and are None where the string reader is off.
    """
    own = [
        {path.text: path for path in cut.paths if path.text and path.score > _floor(cut)}
        for cut in cuts
    ]
    if reader.strings is None or not settings.readers.strings:
        return [{**paths} for paths in own], [None for _ in cuts]
    scores = reader.strings.score(views_of)
    candidates: list[dict[str, Path | None]] = []
    for cut, paths, proposals in zip(cuts, own, reader.strings.propose(scores), strict=True):
        proposed = [text for text in proposals if text]
        first = {**paths} if settings.readers.lattice else {}
        others = {
            text: paths.get(text) or find_path(cut.lattice, text)
            for text in proposed
            if text not in first
        }
        candidates.append({**first, **others})
    # The empty text last: how likely it is that nothing is written there.
    return candidates, list(log_likelihoods(scores, [(*paths, "") for paths in candidates]))


def _floor(cut: _Cut) -> float:
    """Return the score below which a path of the lattice is no candidate."""
    return max((path.score for path in cut.paths if path.text), default=0.0) - MAX_BEHIND


def _consider(
    cut: _Cut,
    paths: dict[str, Path | None],
    odds: npt.NDArray[np.float64] | None,
    reader: Reader,
    settings: Settings,
) -> Considered:
    """Weigh the candidates of both readers and decide on a reading."""
    blank = 0.0 if odds is None else float(np.exp(min(0.0, odds[-1])))
    if not paths:
        # Where there is no ink either, nobody need be asked.
        return replace(_give_up(cut.line), blank=blank if cut.groups.pieces else 1.0)
    scores = np.array([-np.inf if path is None else path.score for path in paths.values()])
    verdicts = combine_readers(
        tuple(paths),
        scores if settings.readers.lattice else None,
        None if odds is None else odds[:-1],
        settings.lattice.temperature,
        settings.readers,
    )
    return replace(_decide(cut, verdicts, paths, reader), blank=blank)


def _decide(
    cut: _Cut, verdicts: Verdicts, paths: dict[str, Path | None], reader: Reader
) -> Considered:
    """Apply the field's grammar and calibrate."""
    shapes = cut.groups.shapes[cut.groups.alone]
    hypotheses = tuple(
        Hypothesis(text, min(0.0, float(odds)), find_marks(paths[text], shapes))
        for text, odds in zip(verdicts.texts, verdicts.posterior, strict=True)
    )
    grammar = Grammar(kind=cut.line.kind or _guess_kind(cut.line, hypotheses[0]))
    verdict = apply_grammar(hypotheses, grammar)
    evidence = _collect_evidence(cut, verdicts, verdict, paths, grammar)
    confidence = estimate_confidence(evidence, reader.calibration)
    best = verdict.hypotheses[0]
    path = paths[best.text]
    rest = 1.0 - exp(best.log_probability)
    alternatives = tuple(
        # What the winner does not have is shared as the readers shared it.
        Candidate(one.text, (1.0 - confidence) * min(1.0, exp(one.log_probability) / rest))
        for one in verdict.hypotheses[1:4]
        if rest > 1e-9
    )
    reading = Reading(
        region=cut.line.region,
        text=best.text,
        value=normalize_value(best.text, grammar, best.marks),
        confidence=confidence,
        alternatives=alternatives,
        rejection=None if verdict.allowed else Rejection.GRAMMAR,
        note=verdict.note,
        digits=() if path is None else _name_digits(path, cut.pieces, cut.line.window),
    )
    return Considered(reading, evidence)


def _guess_kind(line: Line, best: Hypothesis) -> FieldKind:
    """Guess what a number found on a page is; eight boxes that say a day are a date."""
    if line.cells is not None and len(best.text) == DATE_CELLS and is_allowed(best.text, DATE):
        return FieldKind.DATE
    return guess_kind(best)


def _collect_evidence(
    cut: _Cut,
    verdicts: Verdicts,
    verdict: Verdict,
    paths: dict[str, Path | None],
    grammar: Grammar,
) -> Evidence:
    best = verdict.hypotheses[0]
    others = verdict.hypotheses[1:]
    place = verdicts.texts.index(best.text)
    shapes = cut.groups.shapes[cut.groups.alone]
    path = paths[best.text]
    return Evidence(
        digits=len(best.text),
        posterior=best.log_probability,
        runner_up=others[0].log_probability if others else -np.inf,
        lattice=None if verdicts.lattice is None else float(verdicts.lattice[place]),
        strings=None if verdicts.strings is None else float(verdicts.strings[place]),
        quality=-np.inf if path is None else path.score,
        agree=verdicts.agree and place == 0,
        rubbish=1.0 if path is None else share_rubbish(path, shapes),
        suits=have_sense(best.text, grammar, best.marks),
        forbidden=bool(verdict.note),
    )


def _name_digits(path: Path, pieces: Pieces, box: Box) -> tuple[Digit, ...]:
    return tuple(
        Digit(locate_group(pieces, arc.first, arc.last, box), arc.label, arc.confidence)
        for arc in path.arcs
        if arc.label
    )
