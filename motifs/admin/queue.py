"""What the queue can be narrowed to, in which order, and how it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from motifs.languages import reader_language
from motifs.models import Contribution, Flag, Motif

Contributions = QuerySet[Contribution]
Choices = list[tuple[str, Any]]
NONE = "none"
ALL = "all"
MOST_COUNTED = 10_000
COPIES = (Flag.Kind.EXACT_COPY, Flag.Kind.NEAR_COPY)


class CappedPaginator(Paginator[Any]):
    """Counts no further than anybody pages: a long table costs no long count."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: MOST_COUNTED + 1].count())


class Narrowing(admin.SimpleListFilter):
    """One question to the queue, which the desk asks too (``narrowed``)."""

    choices_: ClassVar[Choices] = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self.choices_

    def queryset(self, request: HttpRequest, queryset: Contributions) -> Contributions:
        return self.narrow(queryset, self.value() or "")

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        """Leave what answers to the value; one that is not known leaves everything.

        Here by the field of the parameter's name; others have their own ways.
        """
        if value not in {code for code, _label in cls.choices_}:
            return queryset
        word = "" if value == NONE else value
        return queryset.filter(**{str(cls.parameter_name): word})


def _named(choices: list[tuple[Any, Any]]) -> Choices:
    """Choices as a filter offers them: what is empty has a name too."""
    return [(str(code) or NONE, label) for code, label in choices]


class ByState(Narrowing):
    """Without a choice the queue is what waits for a decision."""

    title = _("state")
    parameter_name = "state"
    choices_ = [
        *(
            (code, label)
            for code, label in Contribution.State.choices
            if code != "draft"
        ),
        (ALL, _("All")),
    ]

    def choices(self, changelist: Any) -> Any:
        waiting = Contribution.State.SUBMITTED.value
        for code, label in self.lookup_choices:
            yield {
                "selected": (self.value() or waiting) == code,
                "query_string": changelist.get_query_string(
                    {self.parameter_name: code}
                ),
                "display": label,
            }

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        if value == ALL:
            return queryset
        known = value in Contribution.State.values
        return queryset.filter(state=value if known else Contribution.State.SUBMITTED)


def _flags() -> QuerySet[Flag]:
    """What the checks noted of a contribution's photos, but for those taken back."""
    return Flag.objects.filter(
        photo__contribution=OuterRef("pk"), photo__withdrawn_at=None
    )


class ByFlag(Narrowing):
    title = _("what the checks noted")
    parameter_name = "flag"
    choices_ = [*Flag.Kind.choices, (NONE, _("Nothing"))]

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        flags = _flags()
        if value == NONE:
            return queryset.filter(attention=0).exclude(Exists(flags))
        if value not in Flag.Kind.values:
            return queryset
        return queryset.filter(Exists(flags.filter(kind=value)))


class HasDuplicates(Narrowing):
    title = _("copies of other photos")
    parameter_name = "copies"
    choices_ = [("yes", _("yes")), ("no", _("no"))]

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        copies = Exists(_flags().filter(kind__in=COPIES))
        if value == "yes":
            return queryset.filter(copies)
        return queryset.exclude(copies) if value == "no" else queryset


class ByMotif(Narrowing):
    title = _("motif suggested")
    parameter_name = "motif"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        motifs = Motif.objects.exclude(state=Motif.State.MERGED)
        named = motifs.with_labels(reader_language()).order_by("preferred_name")
        return [
            (NONE, _("none named")),
            *((motif.slug, motif.preferred_name) for motif in named),
        ]

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        if value == NONE:
            return queryset.filter(motif=None)
        return queryset.filter(motif__slug=value) if value else queryset


class ByKind(Narrowing):
    title = _("kind")
    parameter_name = "kind"
    choices_ = _named(Contribution.Kind.choices)


class ByLicence(Narrowing):
    title = _("licence")
    parameter_name = "licence"
    choices_ = _named(Contribution.Licence.choices)


class ByTechnique(Narrowing):
    title = _("technique")
    parameter_name = "technique"
    choices_ = _named(Contribution.Technique.choices)


class ByLanguage(Narrowing):
    title = _("language of the giver")
    parameter_name = "language"
    choices_ = [("id", _("Indonesian")), ("en", _("English")), (NONE, _("Not known"))]


class ByConsent(Narrowing):
    title = _("consent")
    parameter_name = "consent"
    choices_ = [
        ("show", _("may be shown")),
        ("train", _("may train the recogniser")),
        (NONE, _("neither")),
    ]

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        found = {
            "show": Q(consent_to_show=True),
            "train": Q(consent_to_train=True),
            NONE: Q(consent_to_show=False, consent_to_train=False),
        }
        return queryset.filter(found[value]) if value in found else queryset


class IsDemonstration(Narrowing):
    title = _("demonstration")
    parameter_name = "demonstration"
    choices_ = [("yes", _("yes")), ("no", _("no"))]

    @classmethod
    def narrow(cls, queryset: Contributions, value: str) -> Contributions:
        if value not in ("yes", "no"):
            return queryset
        return queryset.filter(is_demonstration=value == "yes")


FILTERS: tuple[type[Narrowing], ...] = (
    ByState,
    ByFlag,
    HasDuplicates,
    ByKind,
    ByMotif,
    ByLicence,
    ByTechnique,
    ByLanguage,
    ByConsent,
    IsDemonstration,
)


def narrowed(queryset: Contributions, asked: Mapping[str, str]) -> Contributions:
    """Leave what all filters leave; ``asked`` is a list page's query."""
    for one in FILTERS:
        queryset = one.narrow(queryset, asked.get(str(one.parameter_name)) or "")
    return queryset


def is_waiting(asked: Mapping[str, str]) -> bool:
    """Whether the query asks for what waits for a decision."""
    waiting = Contribution.State.SUBMITTED
    return (asked.get("state") or waiting) not in (
        ALL,
        *(state for state in Contribution.State.values if state != waiting),
    )


def order(asked: Mapping[str, str]) -> list[str]:
    """What needs attention first, then what waits longest; of others the newest."""
    if is_waiting(asked):
        return ["-attention", "submitted_at", "pk"]
    return ["-pk"]


def next_to(
    contribution: Contribution,
    queryset: Contributions,
    asked: Mapping[str, str],
    step: int,
) -> Contribution | None:
    """The one after (``step`` 1) or before (-1) it in the queue, whatever became of it.

    One row by the queue's own index, however long the queue is.
    """
    if not is_waiting(asked):
        after = queryset.filter(pk__lt=contribution.pk).order_by("-pk")
        before = queryset.filter(pk__gt=contribution.pk).order_by("pk")
        return (after if step > 0 else before).first()
    at = contribution.submitted_at
    if step > 0:
        beyond = Q(submitted_at__gt=at) | Q(submitted_at=at, pk__gt=contribution.pk)
        found = queryset.filter(
            Q(attention__lt=contribution.attention)
            | (Q(attention=contribution.attention) & beyond)
        )
        return found.order_by("-attention", "submitted_at", "pk").first()
    beyond = Q(submitted_at__lt=at) | Q(submitted_at=at, pk__lt=contribution.pk)
    found = queryset.filter(
        Q(attention__gt=contribution.attention)
        | (Q(attention=contribution.attention) & beyond)
    )
    return found.order_by("attention", "-submitted_at", "-pk").first()
