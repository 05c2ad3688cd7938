"""May a challenger replace the champion? Two evaluations on the same photos say.

Nothing here reads a row or a file: figures in, a verdict out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from classifier.predictor import wilson

ALPHA = 0.05
"""A motif counts as worse below this, over all motifs together (Holm 1979)."""
MACRO_F1 = 0.005
AUROC = 0.01
FALSE_POSITIVES = 0.02
"""By so much these may be worse and still count as not worse: rounding, and a photo or
two of several hundred."""
CALIBRATION = 0.05
TIMES_SLOWER = 1.5
TIMES_LARGER = 1.5
"""Beyond these a keeper is told; they do not decide."""


@dataclass(frozen=True)
class Rule:
    """One thing that was looked at.

    Attributes:
        code: which, stable.
        holds: whether all is well; None where it could not be measured.
        decides: whether the promotion depends on it.
        before: the champion's figure, None where there is none.
        after: the challenger's.
        motifs: slugs of those that fail the rule.
    """

    code: str
    holds: bool | None
    decides: bool = True
    before: float | None = None
    after: float | None = None
    motifs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What becomes of one motif's recall.

    Attributes:
        photos: test photos of the motif.
        before: of these the champion names right; ``after``: the challenger.
        lost: right before and wrong after; ``won``: the reverse.
        low: of the change in recall, -1..1, the 95 % interval (Newcombe 1998, from
            Wilson's intervals; for paired photos it is rather too wide).
        high: its other end.
        p: chance of so many losses among the photos that changed, were neither model
            better (one-sided exact McNemar test).
        is_worse: whether that is significant among all motifs.
    """

    motif: str
    photos: int
    before: int
    after: int
    lost: int
    won: int
    low: float
    high: float
    p: float
    is_worse: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the gate says; ``as_json`` is kept with a promotion."""

    passed: bool
    rules: tuple[Rule, ...]
    motifs: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(champion: Mapping[str, Any], challenger: Mapping[str, Any]) -> Verdict:
    """Compare two evaluations, as ``python -m ml evaluate --json --each`` writes them.

    Args:
        champion: of the model that answers.
        challenger: of the one that would replace it, on the same photos.
    """
    before, after = _photos(champion), _photos(challenger)
    if not before or {p: r["label"] for p, r in before.items()} != {
        p: r["label"] for p, r in after.items()
    }:
        return Verdict(False, (Rule("same_photos", False),), ())
    both = (champion["each"], challenger["each"])
    same = Rule("same_photos", True, before=len(before), after=len(after))
    motifs = sorted(set(both[0]["motifs"]) | set(both[1]["motifs"]))
    was, now = (
        {photo: said for photo, said in side.items() if said["label"] in motifs}
        for side in (before, after)
    )
    tested = Rule("motifs_tested", bool(was), before=len(was), after=len(now))
    # All the rules about motifs would hold, of none.
    if not was:
        return Verdict(False, (same, tested), ())
    changes = _holm([_change(m, before, after) for m in motifs])
    changes = [change for change in changes if change.photos]
    worse = tuple(c.motif for c in changes if c.is_worse)
    gone = tuple(c.motif for c in changes if c.before and not c.after)
    rules = (
        same,
        tested,
        Rule("motifs", not worse, motifs=worse),
        Rule("lost", not gone, motifs=gone),
        _no_less("macro_f1", macro_f1(was), macro_f1(now), MACRO_F1),
        *_rejection(before, after, *(set(one["motifs"]) for one in both)),
        *_told(champion, challenger),
    )
    passed = all(rule.holds is not False for rule in rules if rule.decides)
    return Verdict(passed, rules, tuple(changes))


def _photos(figures: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {one["photo"]: one for one in figures.get("each", {}).get("photos", ())}


def _change(
    motif: str,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> Change:
    shown = [photo for photo, said in before.items() if said["label"] == motif]
    was = {photo for photo in shown if before[photo]["said"] == motif}
    now = {photo for photo in shown if after[photo]["said"] == motif}
    lost, won = len(was - now), len(now - was)
    low, high = difference(len(was), len(now), len(shown))
    return Change(
        motif,
        len(shown),
        len(was),
        len(now),
        lost,
        won,
        round(low, 4),
        round(high, 4),
        worse_by_chance(lost, won),
    )


def difference(before: int, after: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the change of a share, -1..1 (Newcombe 1998).

    >>> low, high = difference(5, 9, 10)
    >>> round(low, 3), round(high, 3)
    (-0.002, 0.676)
    """
    if not n:
        return -1.0, 1.0
    p, q = before / n, after / n
    (p_low, p_high), (q_low, q_high) = wilson(before, n), wilson(after, n)
    return (
        q - p - math.hypot(q - q_low, p_high - p),
        q - p + math.hypot(q_high - q, p - p_low),
    )


def worse_by_chance(lost: int, won: int) -> float:
    """Return how likely at least so many losses are when losing is a coin's throw.

    >>> worse_by_chance(5, 0)
    0.03125
    >>> worse_by_chance(0, 0)
    1.0
    """
    n = lost + won
    return float(sum(math.comb(n, k) for k in range(lost, n + 1)) / 2**n)


def _holm(changes: Sequence[Change]) -> list[Change]:
    """Mark what is significant: the smallest p against alpha / n, and so on."""
    tested = sorted((c for c in changes if c.photos), key=lambda c: c.p)
    worse: set[str] = set()
    for place, one in enumerate(tested):
        if one.p > ALPHA / (len(tested) - place):
            break
        worse.add(one.motif)
    return [Change(**(asdict(c) | {"is_worse": c.motif in worse})) for c in changes]


def macro_f1(photos: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the mean F1 over the labels of the photos; one never said has 0."""
    truly = Counter(one["label"] for one in photos.values())
    said = Counter(one["said"] for one in photos.values())
    right = Counter(o["label"] for o in photos.values() if o["label"] == o["said"])
    f1 = [2 * right[label] / (truly[label] + said[label]) for label in truly]
    return round(sum(f1) / len(f1), 4) if f1 else 0.0


def _rejection(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    knew: set[str],
    knows: set[str],
) -> tuple[Rule, Rule]:
    """Compare by photos of motifs that both know, and of those that neither does."""
    known = [p for p, one in before.items() if one["label"] in knew & knows]
    others = [p for p, one in before.items() if one["label"] not in knew | knows]
    if not known or not others:
        return Rule("auroc", None), Rule("false_positives", None)
    values = [
        (
            [side[p]["rejection"] for p in known],
            [side[p]["rejection"] for p in others],
        )
        for side in (before, after)
    ]
    areas = [auroc(*one) for one in values]
    through = [false_positives(*one) for one in values]
    return (
        _no_less("auroc", areas[0], areas[1], AUROC),
        Rule(
            "false_positives",
            through[1] <= through[0] + FALSE_POSITIVES,
            before=through[0],
            after=through[1],
        ),
    )


def auroc(known: Sequence[float], others: Sequence[float]) -> float:
    """Return the chance that another photo is rejected more than a known one.

    >>> auroc([0.1, 0.2], [0.3, 0.2])
    0.875
    """
    wins = sum((b > a) + (a == b) / 2 for a in known for b in others)
    return round(wins / (len(known) * len(others)), 4)


def false_positives(known: Sequence[float], others: Iterable[float]) -> float:
    """Return the share of others let through when 95 % of the known are.

    >>> false_positives([0.1, 0.2, 0.3], [0.25, 0.9])
    0.5
    """
    limit = sorted(known)[math.ceil(0.95 * len(known)) - 1]
    through = [value <= limit for value in others]
    return round(sum(through) / len(through), 4)


def _no_less(code: str, before: float, after: float, slack: float) -> Rule:
    return Rule(code, after >= before - slack - 1e-9, before=before, after=after)


def _told(champion: Mapping[str, Any], challenger: Mapping[str, Any]) -> list[Rule]:
    """Return what a keeper should know and what does not decide."""
    found = []
    for code, path, times, plus in (
        ("calibration", ("calibration_error",), 1.0, CALIBRATION),
        ("latency", ("milliseconds", "p50"), TIMES_SLOWER, 0.0),
        ("size", ("each", "bytes"), TIMES_LARGER, 0.0),
    ):
        was, now = (_figure(one, path) for one in (champion, challenger))
        holds = None if was is None or now is None else now <= was * times + plus
        found.append(Rule(code, holds, decides=False, before=was, after=now))
    return found


def _figure(figures: Mapping[str, Any], path: Sequence[str]) -> float | None:
    found: Any = figures
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None


# In words


def sentences(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a kept verdict's rules, each with its sentence for the reader."""
    return [{**rule, "sentence": sentence(rule)} for rule in verdict.get("rules", ())]


def sentence(rule: Mapping[str, Any]) -> str:
    """Say what a rule found."""
    figures = {"before": _number(rule["before"]), "after": _number(rule["after"])}
    named = {"motifs": ", ".join(rule["motifs"])}
    match rule["code"], rule["holds"]:
        case "same_photos", True:
            return ngettext(
                "Both were asked about the same test photo.",
                "Both were asked about the same %(counter)d test photos.",
                int(rule["before"]),
            ) % {"counter": int(rule["before"])}
        case "same_photos", _:
            return gettext("The two were not asked about the same test photos.")
        case "motifs_tested", True:
            return ngettext(
                "One of them shows a motif.",
                "%(counter)d of them show motifs.",
                int(rule["before"]),
            ) % {"counter": int(rule["before"])}
        case "motifs_tested", _:
            return gettext(
                "No test photo shows a motif that either knows, so nothing says how "
                "well they recognise motifs."
            )
        case "motifs", True:
            return gettext("No motif is recognised significantly worse.")
        case "motifs", _:
            return gettext("Significantly worse: %(motifs)s.") % named
        case "lost", True:
            return gettext("Every motif that was recognised still is.")
        case "lost", _:
            return gettext("Not recognised once any more: %(motifs)s.") % named
        case (("auroc" | "false_positives"), None):
            return gettext(
                "%(what)s: not measured; the test photos need some of motifs that "
                "both know and some of what neither knows."
            ) % {"what": _name(rule["code"])}
        case _, None:
            return gettext("%(what)s: not measured.") % {"what": _name(rule["code"])}
    said = {"what": _name(rule["code"]), **figures}
    if rule["holds"]:
        return gettext("%(what)s: %(before)s before, %(after)s now.") % said
    return gettext("%(what)s is worse: %(before)s before, %(after)s now.") % said


def _name(code: str) -> str:
    return {
        "macro_f1": gettext("Macro-F1 of the motifs"),
        "auroc": gettext("Telling the unknown from the known (AUROC)"),
        "false_positives": gettext(
            "Unknown let through when 95 per cent of the known are"
        ),
        "calibration": gettext("Calibration error"),
        "latency": gettext("Milliseconds per photo"),
        "size": gettext("Bytes of the network"),
    }[code]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) or value >= 1000:
        return number_format(int(value), force_grouping=True)
    return number_format(value, 3 if value < 1 else 1)
