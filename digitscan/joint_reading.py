"""Let the rules of a form choose among the readings of its fields."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from digitscan.fields import FieldKind
from digitscan.forms.expressions import Rule
from digitscan.forms.rules import HOPELESS, REPAIRED, Decision, Option, decide_jointly
from digitscan.forms.template import Field
from digitscan.recognition.grammar import is_allowed, normalize_value
from digitscan.records import Candidate, Floats, Reading, Rejection

MOST_OPTIONS = 120
"""Readings of a field that rules choose from: a hundred for two cells nobody can read, and some
more."""
UNREADABLE = 0.05
"""How often a cell that has the shape of a cross and is called rubbish hides a digit: never in the
33 crosses of the ten polling-station forms, so less than one in eleven with 95 % probability."""
MISSHAPEN = 0.5
"""How often a cell before the digits that is called rubbish, is no blot and has not the shape of a
cross is a cross all the same: of those 33 crosses one has not, and when the page lies a little
differently two; digits that nobody can read are as rare."""
BLIND = 0.02
"""What the digit network leaves to the digits that it does not think of, together: it is sure and
wrong in about one cell of fifty."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read in a field.

    Attributes
    ----------
    field : Field
    reading : Reading
    cells : ndarray of float32, shape (N, 11), or None
        Probabilities of the cells of a comb, 0 in an empty one; None for other fields.
    crossed : tuple of bool
        Which cells are taken for crossed out.
    absent : tuple of float
        Of a cell that is no digit, how likely it is crossed out rather than a digit that cannot be
        read.
    """

    field: Field
    reading: Reading
    cells: Floats | None = None
    crossed: tuple[bool, ...] = ()
    absent: tuple[float, ...] = ()


def weigh_absence(
    cells: Floats, crossed: Sequence[bool], blots: Sequence[bool]
) -> tuple[float, ...]:
    """Say of each cell of a comb how likely it is crossed out, if it is no digit.

    Parameters
    ----------
    cells : ndarray of float32, shape (N, 11)
        Probabilities of the cells, 0 in an empty one.
    crossed, blots : sequence of bool
        Which cells have the shape of a cross, and which that of a blot.

    Returns
    -------
    tuple of float
        0.0 from the first digit or blot on.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.eye(11, dtype=np.float32)[[10, 10, 4, 10]]
    >>> weigh_absence(cells, (True, False, False, False), (False,) * 4)
    (0.95, 0.5, 0.0, 0.0)
    """
    absent = [0.0] * len(cells)
    for k, (row, cross, blot) in enumerate(zip(cells, crossed, blots, strict=True)):
        if blot or row[:10].max() > row[10]:
            break
        absent[k] = 1.0 - UNREADABLE if cross else MISSHAPEN
    return tuple(absent)


def agree(found: Sequence[Found], rules: Sequence[Rule]) -> tuple[Reading, ...]:
    """Choose the readings that agree with each other.

    Parameters
    ----------
    found : sequence of Found
    rules : sequence of Rule

    Returns
    -------
    tuple of Reading
        In the order given. Readings in no rule are as they were; a reading that the rules changed
        has the note `rule-repaired` and is as certain as the change; where no reading fits, those
        of the broken rule say what their ink says and are rejected.
    """
    tied = {name for rule in rules for name in rule.fields}
    options = {one.field.name: _list_options(one) for one in found if one.field.name in tied}
    decisions = decide_jointly(options, rules)
    used = {name for rule in rules for name in rule.fields if all(options[n] for n in rule.fields)}
    broken = {
        name
        for rule in rules
        if any(decision.broken == rule.name for decision in decisions.values())
        for name in rule.fields
    }
    readings = []
    for one in found:
        name = one.field.name
        if name not in used or name not in decisions:
            readings.append(one.reading)
            continue
        decision = decisions[name]
        # Fields tied to a broken rule by others keep their readings as they are.
        if decision.broken and name not in broken:
            readings.append(one.reading)
        else:
            readings.append(_decide(one, options[name], decision))
    return tuple(readings)


def _decide(one: Found, options: Sequence[Option], decision: Decision) -> Reading:
    reading = one.reading
    if decision.broken:
        if reading.rejection is Rejection.EMPTY:
            return reading
        return replace(
            reading,
            rejection=Rejection.RULE,
            note=decision.broken,
            confidence=min(reading.confidence, decision.confidence),
        )
    if reading.rejection is not None and decision.confidence < 0.5:
        # Some reading obeys the rules, but they do not tell which: nobody knows what it says.
        return reading
    chosen = options[decision.choice]
    if chosen.text == reading.text and not reading.text:
        return reading
    if chosen.text == reading.text:
        # Withheld for a box that nobody could read, it is what the rules ask for.
        note = reading.note if reading.rejection is None else REPAIRED
        return replace(reading, confidence=decision.confidence, rejection=None, note=note)
    former = Candidate(reading.text, min(1.0 - decision.confidence, reading.confidence))
    others = tuple(other for other in reading.alternatives if other.text != chosen.text)
    return replace(
        reading,
        text=chosen.text,
        value=_normalize(chosen.text, one),
        confidence=decision.confidence,
        alternatives=(former, *others) if reading.text else others,
        rejection=None,
        note=REPAIRED,
    )


def _list_options(one: Found) -> tuple[Option, ...]:
    """Return the readings that a field may have, best first by its ink.

    In a comb every box with ink is a digit, so that an alternative of another length is none.
    """
    reading = one.reading
    spelled = [] if one.cells is None else _spell(one.cells, one.absent)
    if reading.rejection is Rejection.EMPTY:
        # Every box is crossed out, or an optional field is empty: it counts nothing.
        blank = dict(spelled).get("", 1.0)
        spelled = [(text, p) for text, p in spelled if text]
        listed = _make_options(one, dict(spelled))
        return (Option("", Decimal(0), blank), *listed)
    texts: dict[str, float] = {}
    if reading.text and reading.rejection is not Rejection.NO_DIGITS:
        certain = reading.confidence * _share_crossed(one)
        texts[reading.text] = max(certain, 1e-3)
        for other in reading.alternatives:
            if one.cells is None or len(other.text) == len(reading.text):
                texts.setdefault(other.text, other.confidence)
    # What the reading leaves is shared by all other texts as the cells share it.
    rest = 1.0 - texts[reading.text] if texts else 1.0
    others = [(text, share) for text, share in spelled if not texts or text != reading.text]
    total = sum(share for _, share in others)
    for text, share in others:
        if text and is_allowed(text, one.field.grammar):
            texts[text] = max(texts.get(text, 0.0), rest * share / total)
    first = tuple(texts)[:1]
    listed = _make_options(one, {text: p for text, p in texts.items() if text not in first})
    return (*_make_options(one, {text: texts[text] for text in first}), *listed)


def _share_crossed(one: Found) -> float:
    """Return how certain it is that the cells taken for crossed out hide no digit."""
    share = 1.0
    if one.cells is not None:
        for row, cross in zip(one.cells, one.crossed, strict=True):
            share *= float(row[10]) * (1.0 - UNREADABLE) if cross else 1.0
    return share


def _make_options(one: Found, texts: dict[str, float]) -> tuple[Option, ...]:
    options = [
        Option(text, _evaluate(text, one), min(1.0, p)) for text, p in texts.items() if p > 0
    ]
    return tuple(sorted(options, key=lambda option: -option.probability)[:MOST_OPTIONS])


def _spell(cells: Floats, absent: Sequence[float]) -> list[tuple[str, float]]:
    """Return the most probable texts of a comb: a digit a filled cell, or none where it may be."""
    texts = [("", 1.0)]
    for row, share_absent in zip(cells, absent, strict=True):
        if not row.any():
            continue
        # Rubbish in a cell that is not crossed out is a digit under a blot: any of the ten.
        hidden = float(row[10]) * (1.0 - share_absent)
        digits = (row[:10].astype(float) + (hidden + BLIND) / 10).tolist()
        choices = [(str(k), share) for k, share in enumerate(digits)]
        if share_absent:
            choices.append(("", float(row[10]) * share_absent))
        total = sum(share for _, share in choices)
        grown: dict[str, float] = {}
        for text, p in texts:
            for symbol, share in choices:
                grown[text + symbol] = grown.get(text + symbol, 0.0) + p * share / total
        least = HOPELESS * max(grown.values())
        likely = [item for item in grown.items() if item[1] >= least]
        texts = sorted(likely, key=lambda item: (-item[1], item[0]))[: 2 * MOST_OPTIONS]
    return texts


def _normalize(text: str, one: Found) -> str:
    """Return the value of another text of a field, its decimals as in the reading's own value."""
    whole, dot, cents = one.reading.value.partition(".")
    is_split = dot and (whole + cents).lstrip("0") == one.reading.text.lstrip("0")
    if one.field.grammar.kind is FieldKind.AMOUNT and is_split and len(text) > len(cents):
        return f"{text[: -len(cents)]}.{cents and text[-len(cents) :]}"
    return normalize_value(text, one.field.grammar)


def _evaluate(text: str, one: Found) -> Decimal | None:
    """Return what rules compute with: a number, or a day as its ordinal."""
    value = one.reading.value if text == one.reading.text else _normalize(text, one)
    try:
        if one.field.grammar.kind is FieldKind.DATE:
            return Decimal(date.fromisoformat(value).toordinal())
        return Decimal(value)
    except (ValueError, InvalidOperation):
        return None
