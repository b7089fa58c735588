"""The networks, and how they read the lines of a page together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind, Grammar, Hypothesis
from digitscan.imaging.cuts import Pieces
from digitscan.imaging.geometry import clip_box, map_box
from digitscan.imaging.groups import locate_group
from digitscan.imaging.lines import VIEWS, View
from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.micr_cells import split_micr_cells
from digitscan.imaging.normalize import normalize_tiles
from digitscan.line_lattices import Cut, Line, search_lattices
from digitscan.line_strings import TextOdds, look_at_lines, propose_texts, weigh_texts
from digitscan.recognition.classifier import Classifier
from digitscan.recognition.combine import Verdicts, combine_readers
from digitscan.recognition.confidence import Calibration, Evidence, estimate_confidence
from digitscan.recognition.dates import drop_slashes
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
from digitscan.recognition.micr import read_micr
from digitscan.recognition.strings import StringReader
from digitscan.recognition.words import WordScreen
from digitscan.records import Box, Candidate, Digit, Floats, Gray, Reading, Rejection
from digitscan.settings import MicrSettings, Settings

MAX_BEHIND = 9.0
"""A path e^9 less likely than the best is not looked at by the string reader."""
DATE = Grammar(kind=FieldKind.DATE)
DATE_CELLS = 8
"""Boxes of a date, DDMMYYYY in some order; shorter rows of boxes hold counts and codes as well."""

SLASHED, SLASHED_OTHER_YEAR = -7.0, -3.0
"""Log weights of a number of nine or ten digits that is a day but for a 1 or 7 where slashes stand:
by chance one number in 20,000 to 200,000 is such, and one in 300 where any year will do, while
dates with slashes are common. Of 60 drawn cheques with such a date 38 are found with these, 2
without."""
ANY_YEAR = Grammar(kind=FieldKind.DATE, year_digits=(4,), first_day=date.min, last_day=date.max)

DATE_BEHIND = 4.0
"""Eight boxes are nearly always a date: a day e^4 less likely than what reads best is believed. The
first 1 of 13032013 was read as a 7, and the second 0 of 30012016 as a 6."""


DISPUTED, PLAIN_INK = 0.5, -0.5
"""Share of the confidence that is left where the lattice, by a path of so much log-probability a
digit, sees a 1 more in front, whatever it sees before that (a currency sign): the string reader
takes a first 1 that leans against its neighbors for a wall, and was sure to read 2943 of a drawn
12,943. No value of 40 cheques and no held amount is doubted so."""
LEAST_NUMBER = 0.9
"""A line of a page that may be no number is not cut: its confidence, which is no larger, rejects it
by default whatever the lattice says. Of the dates, amounts and accounts of 40 cheques three have
less, 0.07, 0.69 and 0.78. With 0.3 three rows of those cheques read otherwise, none of them a
number, and a cheque took a thirtieth more time."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The loaded networks; made once per worker.

    Attributes
    ----------
    digits : Classifier
        Names tiles.
    screen : Classifier
        Names tiles as `digits` does, in a fraction of the time and not as well: it tells which
        components of a page may be digits.
    words : WordScreen or None
        Tells which lines of a page are words, before `strings` looks at them; None without it.
    strings : StringReader or None
        Reads whole fields; None when it is switched off.
    e13b : Classifier or None
        Names the symbols of MICR lines; None to leave those lines out.
    calibration : Calibration
        Evidence to confidence.
    """

    digits: Classifier
    screen: Classifier
    words: WordScreen | None
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
    number : float
        The word screen's probability that there is one; 1.0 where it was not asked.
    """

    reading: Reading
    evidence: Evidence | None
    blank: float = 0.0
    number: float = 1.0


def read_lines(
    lines: tuple[Line, ...],
    reader: Reader,
    settings: Settings = Settings(),
    views: Sequence[View] = VIEWS,
    may_be_words: bool = False,
) -> tuple[Considered, ...]:
    """Read many lines, all their tiles in two calls of the digit network.

    Parameters
    ----------
    lines : tuple of Line
    reader : Reader
    settings : Settings
    views : sequence of View
        How the string reader looks at each line.
    may_be_words : bool
        True where lines were found on a page: those that the word screen or the string reader
        takes for writing without a number, by `settings.regions`, are given up before anything is
        cut, those of which the string reader is sure or the word screen thinks little are not cut
        either, and the screen looks at tiles before the digit network does.

    Returns
    -------
    tuple of Considered
        One for each line, in their order.
    """
    strings = reader.strings if settings.readers.strings else None
    looks = look_at_lines(lines, strings, reader.words, settings, views, may_be_words)
    chosen = [k for k, look in enumerate(looks) if not look.is_word]
    fields = [looks[k].field for k in chosen]
    screen = reader.screen if may_be_words else None
    cut = [k for k in chosen if not looks[k].is_sure and looks[k].number >= LEAST_NUMBER]
    found = search_lattices(tuple(lines[k] for k in cut), reader.digits, settings, screen)
    lattices = dict(zip(cut, found, strict=True))
    candidates = [
        _find_candidates(lattices.get(k), _add_days(lines[k], proposed), settings)
        for k, proposed in zip(chosen, propose_texts(fields, strings), strict=True)
    ]
    odds = weigh_texts([lines[k] for k in chosen], fields, [tuple(texts) for texts in candidates])
    considered = [_give_up(line, look.blank) for line, look in zip(lines, looks, strict=True)]
    for k, paths, odd in zip(chosen, candidates, odds, strict=True):
        one = _consider(lines[k], lattices.get(k), paths, odd, reader, settings)
        considered[k] = replace(one, number=looks[k].number)
    return tuple(considered)


def read_micr_line(
    gray: Gray,
    reader: Reader,
    settings: MicrSettings,
    check: Callable[[str], bool] | None = None,
) -> Reading | None:
    """Find and read the E-13B line of a page or a zone.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    reader : Reader
    settings : MicrSettings
    check : callable, optional
        True for the texts that the line may say, as for `recognition.micr.read_micr`.

    Returns
    -------
    Reading or None
        None where there is no line, or no network for it.
    """
    line = None if reader.e13b is None else find_micr_line(gray, settings)
    if line is None or reader.e13b is None:
        return None
    cells = split_micr_cells(gray, line)
    seen = reader.e13b.classify(normalize_tiles([cell.ink for cell in cells]))
    return read_micr(seen, [cell.box for cell in cells], settings, check)


def _give_up(line: Line, blank: float = 0.0) -> Considered:
    return Considered(Reading(line.region, "", "", 0.0, (), Rejection.NO_DIGITS), None, blank)


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
    if np.array_equal(way, np.eye(3)):
        return reading
    region = replace(reading.region, box=clip_box(map_box(reading.region.box, way), shape))
    digits = tuple(
        replace(digit, box=clip_box(map_box(digit.box, way), shape)) for digit in reading.digits
    )
    return replace(reading, region=region, digits=digits)


def _add_days(line: Line, proposed: list[str] | None) -> list[str] | None:
    """Add the days that proposed texts are when their slashes were read as digits."""
    if proposed is None or not _may_be_date(line):
        return proposed
    days = {drop_slashes(text, line.grammar or DATE) for text in proposed}
    return proposed + sorted(day for day in days if day is not None and day not in proposed)


def _doubt_slashes(line: Line, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return log weights of texts: small for those that are a day but for slashes as digits."""
    if not _may_be_date(line):
        return np.zeros(len(texts))
    weights = np.zeros(len(texts))
    for place, text in enumerate(texts):
        if drop_slashes(text, line.grammar or DATE) is not None:
            weights[place] = SLASHED
        elif drop_slashes(text, ANY_YEAR) is not None:
            weights[place] = SLASHED_OTHER_YEAR
    return weights


def _may_be_date(line: Line) -> bool:
    """Say whether a line may hold a date that is written freely."""
    return line.cells is None and line.known_kind in (None, FieldKind.DATE)


def _find_candidates(
    cut: Cut | None, proposed: list[str] | None, settings: Settings
) -> dict[str, Path | None]:
    """Return what a line may say by either reader.

    Each text comes with its best path, None where the lattice has no way to read it or was left
    out.
    """
    if cut is None:
        return {text: None for text in proposed or () if text}
    own = {path.text: path for path in cut.paths if path.text and path.score > _floor(cut)}
    if proposed is None:
        return {**own}
    first = {**own} if settings.readers.lattice else {}
    others = {
        text: own.get(text) or find_path(cut.lattice, text)
        for text in proposed
        if text and text not in first
    }
    return {**first, **others}


def _floor(cut: Cut) -> float:
    """Return the score below which a path of the lattice is no candidate."""
    return max((path.score for path in cut.paths if path.text), default=0.0) - MAX_BEHIND


def _consider(
    line: Line,
    cut: Cut | None,
    paths: dict[str, Path | None],
    odds: TextOdds | None,
    reader: Reader,
    settings: Settings,
) -> Considered:
    """Weigh the candidates of both readers and decide on a reading."""
    blank = 0.0 if odds is None else exp(odds.blank)
    if not paths:
        # Where there is no ink either, nobody need be asked.
        return _give_up(line, 1.0 if cut and not cut.groups.pieces else blank)
    scores = np.array([-np.inf if path is None else path.score for path in paths.values()])
    prior = _doubt_slashes(line, tuple(paths))
    verdicts = combine_readers(
        tuple(paths),
        scores if cut and settings.readers.lattice else None,
        None if odds is None else odds.strings,
        settings.lattice.temperature,
        settings.readers,
        prior if odds is None else prior + odds.grouping,
    )
    return replace(_decide(line, cut, verdicts, paths, reader), blank=blank)


def _decide(
    line: Line,
    cut: Cut | None,
    verdicts: Verdicts,
    paths: dict[str, Path | None],
    reader: Reader,
) -> Considered:
    """Apply the field's grammar and calibrate."""
    shapes = _shape_pieces(cut)
    hypotheses = tuple(
        Hypothesis(text, min(0.0, float(odds)), find_marks(paths[text], shapes))
        for text, odds in zip(verdicts.texts, verdicts.posterior, strict=True)
    )
    grammar = line.grammar or Grammar(kind=line.kind or _guess_kind(line, hypotheses))
    verdict = apply_grammar(hypotheses, grammar)
    evidence = _collect_evidence(cut, verdicts, verdict, paths, grammar)
    confidence = estimate_confidence(evidence, reader.calibration)
    best = verdict.hypotheses[0]
    if evidence.lattice is not None and _lacks_one(cut, best.text):
        confidence *= DISPUTED
    path = paths[best.text]
    rest = 1.0 - exp(best.log_probability)
    alternatives = tuple(
        # What the winner does not have is shared as the readers shared it.
        Candidate(one.text, (1.0 - confidence) * min(1.0, exp(one.log_probability) / rest))
        for one in verdict.hypotheses[1:4]
        if rest > 1e-9
    )
    reading = Reading(
        region=line.region,
        text=best.text,
        value=normalize_value(best.text, grammar, best.marks),
        confidence=confidence,
        alternatives=alternatives,
        rejection=None if verdict.allowed else Rejection.GRAMMAR,
        note=verdict.note,
        digits=_name_digits(path, cut.pieces, line.window) if cut and path else (),
    )
    return Considered(reading, evidence)


def _lacks_one(cut: Cut | None, text: str) -> bool:
    """Say whether the lattice, by a path of plain ink, has a 1 right before a text."""
    first = next((path for path in cut.paths if path.text), None) if cut else None
    if first is None or not first.text.endswith(f"1{text}"):
        return False
    return first.score >= PLAIN_INK * len(first.text)


def _guess_kind(line: Line, hypotheses: tuple[Hypothesis, ...]) -> FieldKind:
    """Guess what a number found on a page is; eight boxes that may say a day are a date."""
    best = hypotheses[0]
    if line.cells is not None and len(best.text) == DATE_CELLS:
        least = best.log_probability - DATE_BEHIND
        likely = [one.text for one in hypotheses if one.log_probability >= least]
        if any(is_allowed(text, DATE) for text in likely):
            return FieldKind.DATE
    return guess_kind(best)


def _shape_pieces(cut: Cut | None) -> Floats:
    """Return the shape of each piece of a line, none of a line that was not cut."""
    return np.zeros((0, 4), np.float32) if cut is None else cut.groups.shapes[cut.groups.alone]


def _collect_evidence(
    cut: Cut | None,
    verdicts: Verdicts,
    verdict: Verdict,
    paths: dict[str, Path | None],
    grammar: Grammar,
) -> Evidence:
    best = verdict.hypotheses[0]
    others = verdict.hypotheses[1:]
    place = verdicts.texts.index(best.text)
    path = paths[best.text]
    return Evidence(
        digits=len(best.text),
        posterior=best.log_probability,
        runner_up=others[0].log_probability if others else -np.inf,
        lattice=None if verdicts.lattice is None else float(verdicts.lattice[place]),
        strings=None if verdicts.strings is None else float(verdicts.strings[place]),
        quality=-np.inf if path is None else path.score,
        agree=verdicts.agree and place == 0,
        rubbish=1.0 if path is None else share_rubbish(path, _shape_pieces(cut)),
        suits=have_sense(best.text, grammar, best.marks),
        boxed=cut is not None and cut.line.cells is not None,
    )


def _name_digits(path: Path, pieces: Pieces, box: Box) -> tuple[Digit, ...]:
    return tuple(
        Digit(locate_group(pieces, arc.first, arc.last, box), arc.label, arc.confidence)
        for arc in path.arcs
        if arc.label
    )
