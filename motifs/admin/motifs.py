"""Motifs, their claims and sources in the admin."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from motifs.actions import publish_motif
from motifs.admin.access import access_url
from motifs.admin.completeness import completeness_url, next_steps
from motifs.admin.merging import merge_url
from motifs.admin.recorded import Recorded
from motifs.admin.spreadsheets import Exchanged
from motifs.languages import Language, reader_language
from motifs.models import (
    Citation,
    Claim,
    LookAlike,
    Motif,
    MotifName,
    Source,
)
from motifs.models.motif import MotifQuerySet
from motifs.refusals import Refusal
from motifs.resources import (
    ClaimResource,
    LookAlikeResource,
    MotifResource,
    SourceResource,
)


class NameForm(forms.ModelForm[MotifName]):
    class Meta:
        model = MotifName
        fields = ("name", "language", "kind", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In a table the label stands in the head, which no reader connects with it.
        for form_field in self.fields.values():
            form_field.widget.attrs["aria-label"] = form_field.label

    def validate_constraints(self) -> None:
        """Left to the formset: two names may trade places in one go."""


class NameFormSet(BaseInlineFormSet[MotifName, Motif, forms.ModelForm[MotifName]]):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if delete := form.fields.get("DELETE"):
            delete.widget.attrs["aria-label"] = _("Delete")

    def clean(self) -> None:
        """One preferred name a language, and always one in Banjar."""
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if getattr(form, "cleaned_data", None)
            and form.cleaned_data.get("name")
            and not form.cleaned_data.get("DELETE")
        ]
        spellings = Counter((name["language"], name["name"]) for name in kept)
        if any(count > 1 for count in spellings.values()):
            raise ValidationError(_("This motif has this name already."))
        preferred = Counter(
            name["language"]
            for name in kept
            if name["kind"] == MotifName.Kind.PREFERRED
        )
        if any(count > 1 for count in preferred.values()):
            raise ValidationError(_("A motif has one preferred name in each language."))
        if not preferred[Language.BANJAR]:
            raise ValidationError(_("A motif needs a preferred Banjar name."))

    def save(self, commit: bool = True) -> Any:
        # Postgres checks "one preferred" row by row: make room before taking it.
        demoted = [
            form.instance.pk
            for form in self.initial_forms
            if form.instance.kind != MotifName.Kind.PREFERRED
            or form in self.deleted_forms
        ]
        if commit:
            # One by one: the history sees what is saved, not what is updated at once.
            for name in self.instance.names.preferred().filter(pk__in=demoted):
                name.kind = MotifName.Kind.ALTERNATIVE
                name.save(update_fields=["kind"])
        return super().save(commit)


class NameInline(admin.TabularInline[MotifName, Motif]):
    model = MotifName
    form = NameForm
    formset = NameFormSet
    extra = 0


class ClaimInline(admin.StackedInline[Claim, Motif]):
    model = Claim
    extra = 0
    show_change_link = True
    fields = (
        ("kind", "language", "confidence", "is_main"),
        "text",
        ("key", "position"),
    )


@admin.register(Motif)
class MotifAdmin(Exchanged, Recorded):
    resource_classes = [MotifResource]
    list_display = ("preferred_name", "gloss", "family", "status", "state", "access")
    list_display_links = ("preferred_name",)
    list_filter = ("state", "access", "status", "family")
    search_fields = ("slug", "names__name")
    readonly_fields = (
        "state",
        "merged_into",
        "published_at",
        "published_by",
        "access",
        "protocol_note",
        "look_alikes",
        "complete",
    )
    fields = (
        "slug",
        "complete",
        ("family", "family_confidence"),
        "status",
        ("state", "merged_into"),
        ("published_at", "published_by"),
        ("access", "protocol_note"),
        "look_alikes",
    )
    change_form_template = "admin/motifs/motif/change_form.html"
    change_list_template = "admin/motifs/motif/change_list.html"
    inlines = (NameInline, ClaimInline)
    actions = ("publish_selected",)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> MotifQuerySet:
        return Motif.objects.with_labels(reader_language()).order_by("slug")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Motif | None = None
    ) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("slug", *self.readonly_fields)

    def has_delete_permission(
        self, request: HttpRequest, obj: Motif | None = None
    ) -> bool:
        """A motif is permanent; one that is another is merged."""
        return False

    def get_urls(self) -> list[URLPattern]:
        own = [access_url(self), merge_url(self), completeness_url(self)]
        return [*own, *super().get_urls()]

    def save_model(
        self, request: HttpRequest, obj: Motif, form: Any, change: bool
    ) -> None:
        """Of a motif that is there, save what was changed and no more.

        The whole row would lift a restriction, or a merge, that came meanwhile.
        """
        obj.save(update_fields=form.changed_data if change else None)

    def get_export_queryset(self, request: HttpRequest) -> Any:
        """What this curator may see, as the list is narrowed."""
        visible = Motif.objects.visible_to(request.user)
        return super().get_export_queryset(request).filter(pk__in=visible)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("motifs.publish_motif")

    @admin.display(description=_("preferred name"), ordering="preferred_name")
    def preferred_name(self, motif: Motif) -> str:
        return motif.preferred_name

    @admin.display(description=_("name in your language"))
    def gloss(self, motif: Motif) -> str:
        return motif.gloss

    @admin.display(description=_("complete"))
    def complete(self, motif: Motif) -> str:
        return next_steps(motif)

    @admin.display(description=_("look-alikes"))
    def look_alikes(self, motif: Motif) -> str:
        """Pairs this motif is in, each leading to its form, and a way to add one."""
        if motif.pk is None:
            return ""
        pairs = list(LookAlike.objects.of(motif))
        others = (
            Motif.objects.with_labels(reader_language())
            .filter(pk__in=[pair.other(motif) for pair in pairs])
            .in_bulk()
        )
        rows: list[tuple[str, str, str]] = [
            (
                reverse("admin:motifs_lookalike_change", args=[pair.pk]),
                others[pair.other(motif)].preferred_name,
                pair.tell(reader_language())[0],
            )
            for pair in pairs
        ]
        add = f"{reverse('admin:motifs_lookalike_add')}?first={motif.pk}"
        listed: SafeString = format_html_join(
            "", '<li><a href="{}">{}</a>: {}</li>', rows
        )
        return format_html(
            '<ul>{}<li><a href="{}">{}</a></li></ul>', listed, add, _("Add a pair")
        )

    @admin.action(description=_("Publish selected motifs"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Motif]) -> None:
        published = 0
        for motif in queryset:
            try:
                publish_motif(motif=motif, by=request.user)  # type: ignore[arg-type]
            except Refusal as refusal:
                text = f"{motif.preferred_name}: {refusal}"
                self.message_user(request, text, messages.WARNING)
            else:
                published += 1
        if published:
            self.message_user(
                request,
                ngettext(
                    "%(count)d motif published.",
                    "%(count)d motifs published.",
                    published,
                )
                % {"count": published},
                messages.SUCCESS,
            )


class CitationInline(admin.TabularInline[Citation, Claim]):
    model = Citation
    extra = 0
    autocomplete_fields = ("source",)
    fields = ("source", "locator", "position")


@admin.register(Claim)
class ClaimAdmin(Exchanged, Recorded):
    resource_classes = [ClaimResource]
    list_display = ("key", "kind", "language", "confidence", "text")
    list_filter = ("kind", "language", "confidence")
    search_fields = ("key", "text", "motif__names__name")
    autocomplete_fields = ("motif",)
    inlines = (CitationInline,)
    list_per_page = 50


class SourceForm(forms.ModelForm[Source]):
    url = forms.URLField(
        label=_("address"),
        required=False,
        empty_value=None,
        max_length=500,
        assume_scheme="https",
    )

    class Meta:
        model = Source
        fields = ("key", "title", "author", "url", "year", "kind")


@admin.register(Source)
class SourceAdmin(Exchanged, Recorded):
    resource_classes = [SourceResource]
    form = SourceForm
    list_display = ("key", "title", "author", "year", "kind", "cited")
    list_filter = ("kind",)
    search_fields = ("key", "title", "author")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        found: QuerySet[Source] = super().get_queryset(request)
        return found.annotate(cited=Count("citations"))

    @admin.display(description=_("citations"), ordering="cited")
    def cited(self, source: Source) -> int:
        return int(getattr(source, "cited", 0))


@admin.register(LookAlike)
class LookAlikeAdmin(Exchanged, Recorded):
    resource_classes = [LookAlikeResource]
    list_display = ("pair", "is_sourced", "tell_id")
    list_filter = ("is_sourced",)
    search_fields = ("first__names__name", "second__names__name")
    autocomplete_fields = ("first", "second")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[LookAlike]:
        motifs = Motif.objects.with_labels(reader_language())
        pairs = super().get_queryset(request)
        return pairs.prefetch_related(
            Prefetch("first", motifs), Prefetch("second", motifs)
        )

    @admin.display(description=_("pair"))
    def pair(self, pair: LookAlike) -> str:
        return str(pair)
