"""The networks, and how they read the lines of a page together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind, Grammar, Hypothesis
from digitscan.imaging.cuts import Pieces
from digitscan.imaging.geometry import clip_box, map_box
from digitscan.imaging.groups import locate_group
from digitscan.imaging.lines import VIEWS, View, normalize_views
from digitscan.line_lattices import Cut, Line, search_lattices
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
from digitscan.recognition.lattice import Path, find_path
from digitscan.recognition.marks import find_marks, share_rubbish
from digitscan.recognition.strings import StringReader, log_likelihoods
from digitscan.records import Box, Candidate, Digit, Floats, Reading, Rejection
from digitscan.settings import Settings

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
    cuts = search_lattices(lines, reader.digits, settings, least_sure)
    chosen = [k for k, cut in enumerate(cuts) if _rate(cut) >= least_quality]
    views_of = [normalize_views(lines[k].gray, views) for k in chosen]
    candidates, odds = _find_candidates([cuts[k] for k in chosen], views_of, reader, settings)
    considered = [_give_up(line) for line in lines]
    for k, paths, odd in zip(chosen, candidates, odds, strict=True):
        considered[k] = _consider(cuts[k], paths, odd, reader, settings)
    return tuple(considered)


def _rate(cut: Cut) -> float:
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


def _find_candidates(
    cuts: list[Cut], views_of: list[tuple[Floats, ...]], reader: Reader, settings: Settings
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


def _floor(cut: Cut) -> float:
    """Return the score below which a path of the lattice is no candidate."""
    return max((path.score for path in cut.paths if path.text), default=0.0) - MAX_BEHIND


def _consider(
    cut: Cut,
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
    cut: Cut, verdicts: Verdicts, paths: dict[str, Path | None], reader: Reader
) -> Considered:
    """Apply the field's grammar and calibrate."""
    shapes = cut.groups.shapes[cut.groups.alone]
    hypotheses = tuple(
        Hypothesis(text, min(0.0, float(odds)), find_marks(paths[text], shapes))
        for text, odds in zip(verdicts.texts, verdicts.posterior, strict=True)
    )
    grammar = cut.line.grammar or Grammar(
        kind=cut.line.kind or _guess_kind(cut.line, hypotheses[0])
    )
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
    cut: Cut,
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
