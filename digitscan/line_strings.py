"""Lines of ink -> what the string reader says of them: no number, proposals, odds of any text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind
from digitscan.imaging.line_ink import lift_ink
from digitscan.imaging.lines import View, frame_views, mark_alone, normalize_views
from digitscan.line_lattices import Line
from digitscan.recognition.ctc import (
    BLANK,
    FieldScores,
    count_digits,
    log_likelihoods,
    measure_blank,
    measure_fluency,
)
from digitscan.recognition.grouping import weigh_grouping
from digitscan.recognition.strings import StringReader
from digitscan.recognition.words import WordScreen
from digitscan.records import Floats
from digitscan.settings import Settings

SURE_DIGITS, SURE_FLUENCY = 6, -0.3
"""A number on a page of so many digits that reads at least so smoothly is not cut: with the
lattice, which takes 6 ms a number, and without it those of 40 cheques read the same but for 500015,
which the lattice took for 1500015 on three of them. Words of letters that look like digits are
shorter."""

STAMPED_DIGITS, STAMPED_FLUENCY = 10, -0.2
"""A number of so many digits is cut unless it reads more smoothly, and wherever a sign is named at
an end of it: it has no tail, and the last 1 of a stamp, set wide apart, looks like one. Of 40
account numbers on whole pages 39 are read so, 36 without."""

WORDS = 0.05
"""A line on a page that holds a number with less probability is words to the word screen. Of the
amounts, accounts and dates on 40 cheques one has 0.06 and the others 0.68 and more, of 580 amounts
cut out and cleaned as on a page the least has 0.06; of the words found on those cheques and on ten
forms two in three have less. With 0.03 an eighth of them would go on to the string reader, which
takes them for words as well, 0.8 ms a cheque later."""
SHORT_PX = 112
"""Narrower lines are not turned away: they are quick to read, and of drawn numbers of one digit the
word screen would lose 13 %, of two 4 %, of three 1 %."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the string reader makes of a line before anything is cut.

    Attributes
    ----------
    field : FieldScores or None
        None where it was not asked.
    blank : float
        Its probability that nothing is to be read.
    number : float
        The word screen's probability that a number stands there; 1.0 where it was not asked.
    is_word : bool
        True where it, or the word screen before it, takes the line for writing without a number.
    is_sure : bool
        True where its word on a line of a page needs no second one.
    """

    field: FieldScores | None = None
    blank: float = 0.0
    number: float = 1.0
    is_word: bool = False
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class TextOdds:
    """What the string reader says of the texts that a line may say.

    Attributes
    ----------
    strings : ndarray of float64, shape (N,)
        Log-probability of each text, whatever its separators.
    grouping : ndarray of float64, shape (N,)
        Log weight of each text by how its separators part it, 0 or less.
    blank : float
        Log-probability that nothing is written there.
    """

    strings: npt.NDArray[np.float64]
    grouping: npt.NDArray[np.float64]
    blank: float


def look_at_lines(
    lines: Sequence[Line],
    strings: StringReader | None,
    words: WordScreen | None,
    settings: Settings,
    views: Sequence[View],
    may_be_words: bool,
) -> list[Look]:
    """Let the string reader look at lines: once at each, and in all views at what is no word.

    Where lines may be words, the word screen looks first, and most words go no further. The other
    views are worth more for the confidence than for the text: with them for all numbers and not
    only for those that read roughly, 86.8 instead of 86.3 % of the amounts in the loose boxes of 38
    cheques, each as it is and varied nine times, are right, and 70 instead of 61 % could be
    accepted with 2 % wrong.

    Digits in boxes need no second reader: with its word for a quarter of the lattice's, 30 of the
    dates in boxes of 32 cheques were right, without it 29, and alone it reads 7 of them.

    Parameters
    ----------
    lines : sequence of Line
    strings : StringReader or None
        None when it is switched off: nothing is looked at.
    words : WordScreen or None
        None where it is switched off.
    settings : Settings
    views : sequence of View
        The first is the one that tells words, and whether a number need not be cut.
    may_be_words : bool
        False where every line is known to be a field.

    Returns
    -------
    list of Look
        One a line; the field of a word has one view.
    """
    found = [Look() for _ in lines]
    if strings is None:
        return found
    asked = [
        k for k, line in enumerate(lines) if line.cells is None or not settings.readers.lattice
    ]
    looks = [_frame(lines[k], views) for k in asked]
    if may_be_words and words is not None:
        for k, look in zip(asked, _turn_away([look[0] for look in looks], words), strict=True):
            found[k] = look
    kept = [place for place, k in enumerate(asked) if not found[k].is_word]
    asked = [asked[place] for place in kept]
    looks = [_mark(lines[k], looks[place]) for k, place in zip(asked, kept, strict=True)]
    first = strings.score([look[:1] for look in looks])
    numbers = []
    for place, (k, field) in enumerate(zip(asked, first, strict=True)):
        blank, fluency = measure_blank(field), measure_fluency(field)
        regions = settings.regions
        is_word = may_be_words and (blank > regions.max_blank or fluency < regions.min_fluency)
        is_sure = may_be_words and not is_word and _is_plain(field, fluency)
        found[k] = Look(field, blank, found[k].number, is_word, is_sure)
        if not is_word:
            numbers.append(place)
    more = strings.score([looks[place][1:] for place in numbers]) if len(views) > 1 else ()
    for place, rest in zip(numbers, more, strict=False):
        both = FieldScores((*first[place].views, *rest.views))
        found[asked[place]] = replace(found[asked[place]], field=both)
    return found


def _frame(line: Line, views: Sequence[View]) -> tuple[Floats, ...]:
    """Lay a line into the string reader's frame; of ink alone the paper is known."""
    if line.gray is None:
        return frame_views(lift_ink(line.ink if line.on_rule is None else line.on_rule), views)
    return normalize_views(line.gray, views)


def _mark(line: Line, look: tuple[Floats, ...]) -> tuple[Floats, ...]:
    """Tell the string reader which lines are ink alone."""
    return look if line.gray is not None else tuple(mark_alone(view) for view in look)


def _turn_away(lines: Sequence[Floats], words: WordScreen) -> list[Look]:
    """Let the word screen look at lines: what it says, and which of them go no further."""
    return [
        Look(
            blank=1.0 - number,
            number=number,
            is_word=number < WORDS and line.shape[1] >= SHORT_PX,
        )
        for line, number in zip(lines, words.share_numbers(lines).tolist(), strict=True)
    ]


def propose_texts(
    fields: Sequence[FieldScores | None], strings: StringReader | None
) -> list[list[str] | None]:
    """Return what the string reader proposes for each line; None where it was not asked."""
    known = [field for field in fields if field is not None]
    if strings is None or not known:
        return [None] * len(fields)
    proposals = iter(strings.propose(known))
    return [None if field is None else next(proposals) for field in fields]


def weigh_texts(
    lines: Sequence[Line],
    fields: Sequence[FieldScores | None],
    texts: Sequence[tuple[str, ...]],
) -> list[TextOdds | None]:
    """Weigh texts by the string reader, and by how separators part their digits.

    Parameters
    ----------
    lines : sequence of Line
    fields : sequence of FieldScores or None
    texts : sequence of tuples of str
        What each line may say.

    Returns
    -------
    list of TextOdds or None
        None where the string reader was not asked.
    """
    known = [k for k, field in enumerate(fields) if field is not None]
    scores = [field for field in fields if field is not None]
    odds = log_likelihoods(scores, [(*texts[k], "") for k in known])
    free = [place for place, k in enumerate(known) if _may_have_separators(lines[k])]
    weights = weigh_grouping(
        [scores[place] for place in free],
        [texts[known[place]] for place in free],
        [odds[place][:-1] for place in free],
        [lines[known[place]].known_kind is FieldKind.AMOUNT for place in free],
    )
    parted = dict(zip(free, weights, strict=True))
    weighed: list[TextOdds | None] = [None] * len(fields)
    for place, (k, own) in enumerate(zip(known, odds, strict=True)):
        grouping = parted.get(place, np.zeros(len(own) - 1))
        weighed[k] = TextOdds(own[:-1], grouping, float(own[-1]))
    return weighed


def _is_plain(field: FieldScores, fluency: float) -> bool:
    """Say whether many digits read smoothly, no sign between them, nor at the ends of very many.

    What stands between digits is left to the lattice: it tells a point from a slash.
    """
    count = count_digits(field)
    if count < SURE_DIGITS or fluency < SURE_FLUENCY:
        return False
    best = field.views[0].argmax(axis=1)
    if count >= STAMPED_DIGITS:
        return fluency >= STAMPED_FLUENCY and not (best > BLANK).any()
    named = np.flatnonzero(best < BLANK)
    return not (best[named[0] : named[-1]] > BLANK).any()


def _may_have_separators(line: Line) -> bool:
    """Say whether separators may part a line's digits in threes: not those of a date."""
    return line.known_kind is not FieldKind.DATE
