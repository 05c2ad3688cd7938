"""One spelling for the many that a motif's name has.

Names are folded when they are saved and queries when they are asked, by the same
function, so that spellings which readers do not tell apart meet in the middle.
Postgres could do part of this with extensions that not every server has.
"""

from __future__ import annotations

import re
import unicodedata

# Older Indonesian spelling, still seen on labels and in books.
OLD_SPELLINGS = (("oe", "u"), ("dj", "j"), ("tj", "c"))
# Banjar has three vowels: what Indonesian writes with e and o it has as a and u
# (kembang, kambang; kaombakan, kaumbakan).
VOWELS = str.maketrans("eov", "auf")

_NOT_WORD = re.compile(r"[\W_]+")
_DOUBLED = re.compile(r"(.)\1+")
_INITIAL_H = re.compile(r"\bh(?=[aiu])")


def plain(text: str) -> str:
    """Lower case, no diacritics, words of letters and digits with one space between.

    >>> plain("  Snakehead-fish  TEETH! ")
    'snakehead fish teeth'
    """
    # Twice: taking some signs apart brings out capitals, and lowering some letters
    # brings out accents.
    lower = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", lower)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    # An apostrophe is inside a word: maidens' and maidens are one.
    letters = re.sub("['’ʼ`]", "", letters)
    return _NOT_WORD.sub(" ", letters).strip()


def fold(text: str) -> str:
    """The plain text in one spelling for all of Banjar's and Indonesian's variants.

    >>> fold("Hiris Pudak") == fold("iris pudak")
    True
    >>> fold("Kembang Raja") == fold("Kambang Raja")
    True
    >>> fold("Djoempoetan") == fold("Jumputan")
    True
    """
    folded = _DOUBLED.sub(r"\1", plain(text))
    for old, new in OLD_SPELLINGS:
        folded = folded.replace(old, new)
    folded = _DOUBLED.sub(r"\1", folded.translate(VOWELS))
    return _INITIAL_H.sub("", folded)
