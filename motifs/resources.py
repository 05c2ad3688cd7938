"""The catalogue as spreadsheets: what is imported and exported, column by column.

Everything is checked before anything is written: an import with one wrong row writes
none. What is exported can be imported again.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from motifs.actions import recording
from motifs.languages import Language, reader_language
from motifs.models import (
    Citation,
    Claim,
    Contribution,
    LookAlike,
    Motif,
    MotifName,
    Photo,
    Source,
)
from motifs.models.claim import new_claim_key

# A spreadsheet runs a cell that begins with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(value: Any) -> Any:
    """Let a text that begins like a formula be read as a text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def plain(value: Any) -> Any:
    """The text as it was before ``neutral``."""
    if isinstance(value, str) and value[:1] == "'" and value[1:].startswith(FORMULA):
        return value[1:]
    return value


class MotifWidget(widgets.ForeignKeyWidget):  # type: ignore[misc]
    """A motif by its slug; one that was merged takes nothing any more."""

    def __init__(self) -> None:
        super().__init__(Motif, "slug")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Motif.objects.exclude(state=Motif.State.MERGED)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except Motif.DoesNotExist as error:
            text = _("There is no motif “%(slug)s”.") % {"slug": value}
            raise ValueError(text) from error


def motif_column(name: str) -> fields.Field:
    return fields.Field(attribute=name, column_name=name, widget=MotifWidget())


class Sheet(resources.ModelResource):  # type: ignore[misc]
    """Texts that cannot become formulas, and every import in the one history."""

    def export_field(self, *args: Any, **kwargs: Any) -> Any:
        return neutral(super().export_field(*args, **kwargs))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name, value in row.items():
            # An empty cell is None in XLSX and nothing in CSV; both mean no text.
            row[name] = "" if value is None else plain(value)

    def import_data(self, dataset: Any, dry_run: bool = False, **kwargs: Any) -> Any:
        self.is_trial = dry_run
        # What a trial did is rolled back by then, and is no change.
        with recording(by=kwargs.get("user"), imported=True):
            return super().import_data(dataset, dry_run=dry_run, **kwargs)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """One wrong row stops all of them; a trial shows each that is wrong."""
        if result.has_validation_errors() and not self.is_trial:
            raise ValidationError(_("Some rows cannot be imported."))


class Checked:
    """Options that every import has."""

    use_transactions = True
    clean_model_instances = True
    skip_unchanged = True
    report_skipped = False


class AddressWidget(widgets.CharWidget):  # type: ignore[misc]
    """No address is no text, so that what goes out comes in unchanged."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(value, row, **kwargs) or None


class SourceResource(Sheet):
    url = fields.Field(column_name="url", attribute="url", widget=AddressWidget())

    class Meta(Checked):
        model = Source
        fields = ("key", "title", "author", "url", "year", "kind")
        import_id_fields = ("key",)
        import_order = export_order = fields


class MotifResource(Sheet):
    """What may be corrected of motifs that are there; the rest is for reading.

    No import makes a motif: its slug is permanent, and a slip would stay for good.
    """

    name = fields.Field(column_name="name", attribute="preferred_name", readonly=True)
    state = fields.Field(column_name="state", attribute="state", readonly=True)
    access = fields.Field(column_name="access", attribute="access", readonly=True)

    class Meta(Checked):
        model = Motif
        fields = (
            "slug",
            "name",
            "state",
            "access",
            "family",
            "family_confidence",
            "status",
        )
        import_id_fields = ("slug",)
        import_order = export_order = fields

    def get_queryset(self) -> Any:
        kept = Motif.objects.exclude(state=Motif.State.MERGED)
        return kept.with_labels(reader_language())

    def after_init_instance(
        self, instance: Any, new: bool, row: Any, **kwargs: Any
    ) -> None:
        if new:
            text = _("There is no motif “%(slug)s”.") % {"slug": row.get("slug")}
            raise ValidationError({"slug": text})

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        """The whole row would lift a restriction, or a merge, that came meanwhile."""
        instance.save(update_fields=["family", "family_confidence", "status"])


class MotifNameResource(Sheet):
    motif = motif_column("motif")

    class Meta(Checked):
        model = MotifName
        fields = ("motif", "language", "name", "kind", "position")
        import_id_fields = ("motif", "language", "name")
        import_order = export_order = fields

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """A published motif keeps its preferred Banjar name."""
        super().after_import(dataset, result, **kwargs)
        # One name must be both: over rows, ``exclude`` takes two names for one.
        named = MotifName.objects.preferred().filter(
            motif=OuterRef("pk"), language=Language.BANJAR
        )
        nameless = Motif.objects.filter(~Exists(named), state=Motif.State.PUBLISHED)
        if slugs := list(nameless.values_list("slug", flat=True)):
            text = _("A motif needs a preferred Banjar name.")
            raise ValidationError(f"{text} {', '.join(slugs)}")


class ClaimResource(Sheet):
    """Claims and their citations: one a line, a source's key, `` | `` and the place."""

    motif = motif_column("motif")
    sources = fields.Field(column_name="sources", attribute=None)

    class Meta(Checked):
        model = Claim
        fields = (
            "key",
            "motif",
            "kind",
            "language",
            "text",
            "confidence",
            "is_main",
            "position",
            "sources",
        )
        import_id_fields = ("key", "language")
        import_order = export_order = fields

    def get_queryset(self) -> Any:
        return Claim.objects.prefetch_related("citations__source")

    def dehydrate_sources(self, claim: Claim) -> str:
        if claim.pk is None:
            return ""
        lines = [
            " | ".join(filter(None, (citation.source.key, citation.locator)))
            for citation in claim.citations.all()
        ]
        return "\n".join(lines)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        row["key"] = row.get("key") or new_claim_key()
        if row.get("sources") is None:
            return
        wanted = {key for key, _place in _citations(row["sources"])}
        known = set(Source.objects.filter(key__in=wanted).values_list("key", flat=True))
        if unknown := sorted(wanted - known):
            text = _("There is no source “%(key)s”.") % {"key": ", ".join(unknown)}
            raise ValidationError({"sources": text})

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any
    ) -> bool:
        """A row whose sources alone differ is a change too."""
        if row.get("sources") is not None and original.pk is not None:
            has = {(c.source.key, c.locator) for c in original.citations.all()}
            if has != set(_citations(row["sources"])):
                return False
        skipped: bool = super().skip_row(
            instance, original, row, import_validation_errors
        )
        return skipped

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        if row.get("sources") is not None:
            self._cite(instance, _citations(row["sources"]))

    def _cite(self, claim: Claim, wanted: list[tuple[str, str]]) -> None:
        has = {(c.source.key, c.locator): c for c in claim.citations.all()}
        for pair, citation in has.items():
            if pair not in wanted:
                citation.delete()
        sources = Source.objects.in_bulk({key for key, _ in wanted}, field_name="key")
        for position, (key, locator) in enumerate(wanted):
            if (key, locator) not in has:
                Citation.objects.create(
                    claim=claim,
                    source=sources[key],
                    locator=locator,
                    position=position,
                )


def _citations(cell: Any) -> list[tuple[str, str]]:
    """Keys of sources and places in them, as a cell lists them."""
    found: dict[tuple[str, str], None] = {}
    for line in str(cell or "").splitlines():
        key, _bar, place = (part.strip() for part in line.partition("|"))
        if key:
            found[key, place] = None
    return list(found)


class LookAlikeResource(Sheet):
    first = motif_column("first")
    second = motif_column("second")

    class Meta(Checked):
        model = LookAlike
        fields = ("first", "second", "tell_id", "tell_en", "is_sourced")
        import_id_fields = ("first", "second")
        import_order = export_order = fields

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """A pair that is listed the other way round is the same pair."""
        super().before_import_row(row, **kwargs)
        slugs = (row.get("first"), row.get("second"))
        ids = dict(
            Motif.objects.filter(slug__in=filter(None, slugs)).values_list("slug", "pk")
        )
        if ids.get(slugs[0], 0) > ids.get(slugs[1], 0) > 0:
            row["first"], row["second"] = row["second"], row["first"]


class ContributionResource(Sheet):
    """For export only: contributions come from the people who give them."""

    motif = fields.Field(attribute="motif__slug", column_name="motif")
    given_by = fields.Field(attribute="given_by__username", column_name="given_by")

    class Meta:
        model = Contribution
        fields = export_order = (
            "id",
            "state",
            "kind",
            "motif",
            "given_by",
            "submitted_at",
            "language",
            "place",
            "maker",
            "made",
            "technique",
            "story",
            "suggested_text",
            "suggested_source",
            "licence",
            "credit_line",
            "consent_to_show",
            "consent_to_train",
            "attention",
            "decline_reason",
        )


class PhotoResource(Sheet):
    """For export only."""

    motif = fields.Field(attribute="determined_motif__slug", column_name="motif")
    second = fields.Field(
        attribute="determined_second_motif__slug", column_name="second_motif"
    )
    licence = fields.Field(attribute="contribution__licence", column_name="licence")

    class Meta:
        model = Photo
        fields = export_order = (
            "id",
            "contribution",
            "position",
            "sha256",
            "width",
            "height",
            "licence",
            "determined_outcome",
            "motif",
            "second",
            "determined_rule",
            "determined_at",
            "is_disputed",
            "is_good",
            "access",
        )
