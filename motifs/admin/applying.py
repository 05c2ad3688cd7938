"""A suggested edit at the desk: beside what the page says now, and taken over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from motifs import edits
from motifs.actions import Wording, apply_edit
from motifs.actions.applying import fingerprint, new_source_key
from motifs.languages import Language
from motifs.models import Citation, Claim, Confidence, Contribution, Source
from motifs.refusals import ChangedMeanwhile, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heritage.models import User

NEW, BESIDE = "new", "beside-"
NEW_SOURCE = {"title", "author", "year", "url"}
"""The fields that a new source is written in."""
_ADDRESS = re.compile(r"https?://\S+")
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_PLACE = re.compile(r"[,;(]?\s*\b((?:hlm|hal|halaman|pp?|pages?)\b\.?\s*\d[\d–-]*)\)?")


class CitedSources(forms.ModelMultipleChoiceField[Citation]):
    def label_from_instance(self, citation: Citation) -> str:
        return " · ".join(filter(None, (str(citation.source), citation.locator)))


class Unfit(Refusal):
    sentence = _("Something is missing; see the marked fields.")


class ApplyForm(forms.Form):
    """The curator's wording of a suggestion, and what it rests on."""

    claim = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("What the page is to say"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
    )
    kind = forms.ChoiceField(label=_("kind"), choices=[("", "–"), *Claim.Kind.choices])
    language = forms.ChoiceField(label=_("language"), choices=Language)
    confidence = forms.ChoiceField(label=_("confidence"), choices=Confidence)
    keep = CitedSources(
        Citation.objects.none(),
        label=_("Sources that it keeps"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    source = forms.ModelChoiceField(
        Source.objects.order_by("key"),
        label=_("A source from the list"),
        to_field_name="key",
        required=False,
        empty_label=_("None of these"),
    )
    title = forms.CharField(
        label=_("Or a new source"),
        help_text=_("A work, or who told it. Leave empty to name none."),
        max_length=500,
        required=False,
    )
    author = forms.CharField(label=_("author"), max_length=500, required=False)
    year = forms.IntegerField(
        label=_("year"), min_value=1500, max_value=2200, required=False
    )
    url = forms.URLField(
        label=_("address"), max_length=500, required=False, assume_scheme="https"
    )
    locator = forms.CharField(
        label=_("locator"),
        help_text=_("Page, figure or section."),
        max_length=120,
        required=False,
    )
    why = forms.CharField(
        label=_("Why"),
        help_text=_("May be left empty. It stays in the history, with your name."),
        max_length=2000,
        required=False,
    )

    def __init__(self, *args: Any, edit: edits.Edit, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "apply-%s")
        super().__init__(*args, **kwargs)
        self.edit = edit
        if edit.claim is not None:
            del self.fields["language"]
        if edit.claim is not None or edit.beside is not None:
            del self.fields["kind"]
        if edit.claim is None:
            del self.fields["keep"]
        else:
            keep: Any = self.fields["keep"]
            keep.queryset = edit.claim.citations.select_related("source")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not (found.get("keep") or found.get("source") or found.get("title")):
            self.add_error(
                "source",
                _("Every statement names its source: choose one, or write a new one."),
            )
        if not found.get("source") and not self.errors.keys() & NEW_SOURCE:
            self._check_new_source()
        return found

    def _check_new_source(self) -> None:
        """Say at its field what the list of sources would refuse."""
        source = self._new_source()
        if source is None:
            return
        try:
            source.clean_fields()
            source.validate_constraints()
        except ValidationError as error:
            for name, said in error.error_dict.items():
                # Of its constraints only that of the address is not a field's own.
                self.add_error(name if name in NEW_SOURCE else "url", said)

    def wording(self) -> Wording:
        said, edit = self.cleaned_data, self.edit
        return Wording(
            text=said["text"].replace("\r\n", "\n"),
            confidence=said["confidence"],
            claim=edit.claim,
            seen=said["seen"],
            key=edit.beside.key if edit.beside else "",
            kind=said.get("kind", ""),
            language=said.get("language", ""),
            keep=[citation.pk for citation in said.get("keep", ())],
            source=said["source"] or self._new_source(),
            locator=said["locator"],
        )

    def _new_source(self) -> Source | None:
        said = self.cleaned_data
        if not said["title"]:
            return None
        return Source(
            key=new_source_key(said["title"]),
            title=said["title"],
            author=said["author"],
            year=said["year"],
            url=said["url"] or None,
        )


def context(contribution: Contribution, sent: Mapping[str, str]) -> dict[str, Any]:
    """What the desk shows of a suggested edit, and the form while it waits."""
    if contribution.kind != Contribution.Kind.EDIT:
        return {"edit": None}
    edit = _asked_for(contribution, sent.get("claim", ""))
    if contribution.state != Contribution.State.SUBMITTED:
        return {"edit": edit}
    if sent.get("deed") == "apply":
        # What stands now is on the page again, so it has been seen.
        seen = fingerprint(edit.claim) if edit.claim else ""
        again: Any = QueryDict(mutable=True)
        again.update(sent)
        again["claim"], again["seen"] = target(edit), seen
        form = ApplyForm(again, edit=edit)
        form.is_valid()
    else:
        form = ApplyForm(initial=_initial(contribution, edit), edit=edit)
    stands = edit.claim or edit.beside
    claims = Claim.objects.filter(motif=contribution.motif_id)
    return {
        "edit": edit,
        "apply": form,
        "others": claims.order_by("kind", "position", "key", "language"),
        "translations": [
            claim
            for claim in claims
            if stands and claim.key == stands.key and claim.pk != stands.pk
        ],
        "is_new": edit.claim is None and edit.beside is None,
    }


def apply(
    contribution: Contribution, by: User, sent: Mapping[str, str], seen: int
) -> None:
    """Take over what the form says. Raises Unfit, and what the action raises.

    Args:
        seen: the revision of the suggestion that the page showed.
    """
    edit = _asked_for(contribution, sent.get("claim", ""))
    if target(edit) != sent.get("claim"):
        raise ChangedMeanwhile
    form = ApplyForm(sent, edit=edit)
    if not form.is_valid():
        raise Unfit
    apply_edit(
        contribution=contribution,
        wording=form.wording(),
        by=by,
        why=form.cleaned_data["why"],
        seen=seen,
    )


def target(edit: edits.Edit) -> str:
    """How a form and an address say what an edit is about."""
    if edit.claim is not None:
        return str(edit.claim.pk)
    return f"{BESIDE}{edit.beside.pk}" if edit.beside is not None else NEW


def _asked_for(contribution: Contribution, asked: str) -> edits.Edit:
    """What is asked for, if the page has it; else what the suggestion seems to mean."""
    number = asked.removeprefix(BESIDE)
    claims = Claim.objects.filter(motif=contribution.motif_id)
    if asked == NEW:
        return edits.about(contribution, None)
    if number.isascii() and number.isdigit():
        claim = claims.filter(pk=int(number[:18])).first()
        if claim is not None:
            is_beside = asked.startswith(BESIDE)
            return edits.about(
                contribution,
                None if is_beside else claim,
                claim if is_beside else None,
            )
    return edits.edits([contribution])[contribution.pk]


def _initial(contribution: Contribution, edit: edits.Edit) -> dict[str, Any]:
    known = edit.claim or edit.beside
    keeps = edit.claim.citations.all() if edit.claim else ()
    return {
        "claim": target(edit),
        "seen": fingerprint(edit.claim) if edit.claim else "",
        "text": contribution.suggested_text,
        "language": contribution.language or Language.INDONESIAN,
        "confidence": known.confidence if known else Confidence.LOW,
        "keep": [citation.pk for citation in keeps],
        **_source_in(contribution.suggested_source),
    }


def _source_in(text: str) -> dict[str, Any]:
    """A source that the list has by its key, title or address; else a new one."""
    said = " ".join(text.split())
    place = _PLACE.search(said)
    locator = place.group(1) if place else ""
    lower = said.casefold()
    words = set(re.findall(r"[\w-]+", lower))
    for source in Source.objects.order_by("key") if said else ():
        if (
            source.key.casefold() in words
            or source.title.casefold() in lower
            or (source.url and source.url.casefold() in lower)
        ):
            return {"source": source.key, "locator": locator}
    address = _ADDRESS.search(said)
    url = address.group().rstrip(".,;)") if address else ""
    title = said.replace(url, "") if url else said
    if place:
        title = title.replace(place.group(), "")
    title = title.strip(" ,;.") or url
    year = _YEAR.search(title)
    return {
        "title": title[:500],
        "url": url,
        "year": year.group() if year else None,
        "locator": locator,
    }
