"""Finds motifs by any of their names, however spelt, then by what is said of them.

Names are compared in Python over the few hundred there are: one query, whatever their
number. Claims are searched by Postgres, one more query.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Max
from rapidfuzz import fuzz

from motifs.folding import fold, plain
from motifs.languages import Language
from motifs.models import Claim, Motif, MotifName
from motifs.models.motif import MotifQuerySet

LONGEST_QUERY = 200
MOST_WORDS = 12

# Scores of a name against a query, 0 to 100. What is at least PARTIAL was found as
# typed; below that it is a guess, and the page asks "did you mean".
EXACT, SAME_SOUND, PARTIAL = 100.0, 98.0, 90.0
# Least likeness, 0 to 100, at which two spellings count as one: 75 lets one wrong
# letter through in a word of four and two in a word of eight.
CLOSE_WORD, CLOSE_NAME = 75.0, 75.0
# Least likeness of what is offered when nothing was found.
WORTH_ASKING = 60.0
# Every name holds these or means nothing by them.
EMPTY_WORDS = frozenset(
    fold(word)
    for word in ("motif", "kain", "sasirangan", "the", "of", "a", "yang", "dan", "and")
)


@dataclass(frozen=True)
class Hit:
    """A motif that was found.

    Args:
        motif_id: whose name or claim matched.
        score: 0 to 100 for names; claims score below every name.
        matched_name: the spelling that matched; empty if it was a claim.
    """

    motif_id: int
    score: float
    matched_name: str = ""


@dataclass(frozen=True)
class Found:
    """Hits, best first, and the name the reader may have meant, or nothing."""

    hits: list[Hit] = field(default_factory=list)
    suggestion: str = ""


def clean(query: str) -> str:
    """The query as it is searched and shown: one line, at most 200 characters."""
    printable = "".join(c if c.isprintable() else " " for c in query[:LONGEST_QUERY])
    return " ".join(printable.split())


def search(query: str, among: MotifQuerySet | None = None) -> Found:
    """Find motifs; an empty query finds nothing.

    Args:
        among: the motifs that this reader may see; else those that everybody may. A
            restricted motif must not even be proposed as a spelling.
    """
    query = clean(query)
    if not query:
        return Found()
    motifs = Motif.objects.published() if among is None else among
    names = list(
        MotifName.objects.filter(motif__in=motifs).order_by("motif", "position", "pk")
    )
    best: dict[int, tuple[float, int, MotifName]] = {}
    asked, sounded = plain(query), fold(query)
    for place, name in enumerate(names):
        score = likeness(asked, sounded, name)
        # Among equals the earlier name wins: data files list preferred names first.
        if name.motif_id not in best or score > best[name.motif_id][0]:
            best[name.motif_id] = (score, place, name)
    ranked = sorted(best.values(), key=lambda found: (-found[0], found[1]))
    hits = [
        Hit(name.motif_id, score, name.name)
        for score, _place, name in ranked
        if score >= CLOSE_NAME
    ]
    named = {hit.motif_id for hit in hits}
    hits += [hit for hit in _in_claims(query, motifs) if hit.motif_id not in named]
    suggestion = ""
    if ranked:
        score, _place, name = ranked[0]
        is_guess = CLOSE_NAME <= score < PARTIAL
        is_last_resort = not hits and score >= WORTH_ASKING
        if is_guess or is_last_resort:
            suggestion = _preferred(names, name.motif_id)
    return Found(hits, suggestion)


def likeness(asked: str, sounded: str, name: MotifName) -> float:
    """How like the query a name is, 0 to 100.

    Args:
        asked: the query as ``folding.plain`` gives it.
        sounded: the query as ``folding.fold`` gives it.
        name: with its folded form.
    """
    if not sounded:
        return 0.0
    if asked == plain(name.name):
        return EXACT
    joined, joined_name = sounded.replace(" ", ""), name.folded.replace(" ", "")
    if joined == joined_name:
        return SAME_SOUND
    words = [word for word in sounded.split() if word not in EMPTY_WORDS]
    words = words[:MOST_WORDS]
    whole = fuzz.ratio(joined, joined_name)
    if not words:
        return whole if whole >= CLOSE_NAME else 0.0
    name_words = name.folded.split()
    likest = [max((_word(word, n) for n in name_words), default=0.0) for word in words]
    if all(score == 100 for score in likest):
        # The more of the name was typed, the surer.
        share = min(1.0, len("".join(words)) / max(1, len(joined_name)))
        return PARTIAL + 7 * share
    if min(likest) >= CLOSE_WORD:
        whole = max(whole, sum(likest) / len(likest) * 0.94)
    # Below what was found as typed, above what was not.
    return min(whole, PARTIAL - 0.1)


def _preferred(names: list[MotifName], motif_id: int) -> str:
    """The motif's preferred Banjar name: the one spelling worth proposing."""
    preferred = [
        name
        for name in names
        if name.motif_id == motif_id and name.kind == MotifName.Kind.PREFERRED
    ]
    preferred.sort(key=lambda name: name.language != Language.BANJAR)
    return preferred[0].name if preferred else ""


def _word(word: str, other: str) -> float:
    """How like one word of a name a typed word is; 100 for its beginning."""
    if other.startswith(word):
        return 100.0
    if len(word) < 3:
        return 0.0
    return fuzz.ratio(word, other)


def _in_claims(query: str, motifs: MotifQuerySet) -> list[Hit]:
    """Motifs whose claims hold the words, best first; scores below 50."""
    asked = (
        SearchQuery(query, config="simple", search_type="websearch")
        | SearchQuery(query, config="indonesian", search_type="websearch")
        | SearchQuery(query, config="english", search_type="websearch")
    )
    found = (
        Claim.objects.filter(motif__in=motifs, search=asked)
        .values("motif_id")
        .annotate(rank=Max(SearchRank(F("search"), asked)))
        .order_by("-rank", "motif_id")
    )
    return [Hit(row["motif_id"], min(50.0, 50 * row["rank"])) for row in found]
