"""Text that is no number: made-up words, as they stand all over a page beside its numbers."""

import numpy as np

LOOK_ALIKES = frozenset("oOlIiDqzZsSgbBQ")
"""Letters that could be called a digit: a text of no number is not made of them alone."""

_ONSETS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "y", "z",
    "ch", "sh", "th", "st", "tr", "br", "pr", "gr", "kh", "dh",
)  # fmt: skip
_VOWELS = ("a", "a", "a", "e", "e", "e", "i", "i", "o", "o", "u", "u", "ai", "ou", "ee", "ia")
_CODAS = ("", "", "", "", "n", "n", "r", "s", "t", "l", "m", "ng", "nd", "k", "x")
_CONSONANTS = "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह"
_SIGNS = ("", "", "", "ा", "ा", "ी", "े", "ै", "ो", "ु", "ू", "ं")
"""Vowel signs that are drawn where they are typed: not every layout engine moves the short i."""
_MARKS = [".", ",", ":", "-", "/", " -", ")", "*"]


def make_text(rng: np.random.Generator) -> str:
    """Make up one to three words, often cut off at an end as what is found on a page is.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    str
        At least two letters, and at least half of them, are none of `LOOK_ALIKES`.

    Examples
    --------
    >>> text = make_text(np.random.default_rng(4))
    >>> text.isascii() and not any(character.isdigit() for character in text)
    True
    """
    while True:
        words = [_make_word(rng) for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3])))]
        case = rng.random()
        text = " ".join(words)
        text = text.upper() if case < 0.45 else text.title() if case < 0.7 else text
        if rng.random() < 0.4:
            text = text[int(rng.integers(0, 4)) :]
        if rng.random() < 0.3:
            text = text[: max(2, len(text) - int(rng.integers(0, 4)))]
        if rng.random() < 0.15:
            text += str(rng.choice(_MARKS))
        text = text.strip()
        letters = [character for character in text if character.isalpha()]
        plain = sum(letter not in LOOK_ALIKES for letter in letters)
        if plain >= max(2, len(letters) / 2):
            return text


def _make_word(rng: np.random.Generator) -> str:
    count = int(rng.choice([1, 1, 2, 2, 3]))
    syllables = (
        str(rng.choice(_ONSETS)) + str(rng.choice(_VOWELS)) + str(rng.choice(_CODAS))
        for _ in range(count)
    )
    return "".join(syllables)


def make_devanagari(rng: np.random.Generator) -> str:
    """Make up one to four words in Devanagari, as they stand on Indian forms.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> text = make_devanagari(np.random.default_rng(4))
    >>> text.isascii() or any(character.isdigit() for character in text)
    False
    """
    return " ".join(
        "".join(
            str(rng.choice(list(_CONSONANTS))) + str(rng.choice(_SIGNS))
            for _ in range(int(rng.integers(1, 6)))
        )
        for _ in range(int(rng.choice([1, 1, 2, 2, 3, 4])))
    )
