"""Brings the database up to the data files without undoing a curator's work.

Each row is compared with what the import last wrote for its key (``ImportRecord``):
a row still as written follows the files; one that was edited stays as it is; one that
was deleted stays away; one that a curator entered first is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from motifs.actions.recording import Before, recording
from motifs.catalogue_files import SEPARATOR, Rows, Values
from motifs.folding import fold
from motifs.models import (
    Citation,
    Claim,
    ImportRecord,
    LookAlike,
    Motif,
    MotifName,
    Source,
)

Kind = ImportRecord.Kind
# Any fixed number: it is the name of the lock that one import at a time may hold.
LOCK = 0x4C414E47
# What the import has never written: equal to no row, so such a row is never ours.
THEIRS: Values = {}


@dataclass
class Outcome:
    """How many rows there are now, and what the import did to them."""

    rows: dict[str, int] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    removed: int = 0
    kept_edited: int = 0
    kept_deleted: int = 0

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.removed


@transaction.atomic
def synchronise(wanted: Rows) -> Outcome:
    """Bring the catalogue's tables up to ``wanted``, all or nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    with recording(by=None, imported="files") as before:
        return _Import(wanted, before).run()


@dataclass(frozen=True)
class _Table:
    """How one kind of row is named, compared and made.

    Args:
        values: the row as the data files would write it, keys included.
        key: its key in the data files, made of the values.
        related: names among the values that stand for another row, and the kind of
            that row with a function from the values to its key.
        is_removable: goes when the files no longer have it. Motifs and sources stay:
            addresses, photos and other people's citations hang on them.
    """

    model: type[Model]
    select: tuple[str, ...]
    values: Callable[[Any], Values]
    key: Callable[[Any], str]
    related: dict[str, tuple[Kind, Callable[[Values], str]]]
    is_removable: bool = True


def _claim_key(values: Values) -> str:
    return SEPARATOR.join([values["claim"], values["language"]])


# In the order in which rows need each other.
TABLES: dict[Kind, _Table] = {
    Kind.SOURCE: _Table(
        Source,
        (),
        lambda row: {
            name: getattr(row, name)
            for name in ("title", "author", "url", "year", "kind")
        },
        lambda row: row.key,
        {},
        is_removable=False,
    ),
    Kind.MOTIF: _Table(
        Motif,
        (),
        lambda row: {
            name: getattr(row, name)
            for name in ("family", "family_confidence", "status")
        },
        lambda row: row.slug,
        {},
        is_removable=False,
    ),
    Kind.NAME: _Table(
        MotifName,
        ("motif",),
        lambda row: {
            "motif": row.motif.slug,
            **{
                name: getattr(row, name)
                for name in ("language", "name", "kind", "position")
            },
        },
        lambda row: SEPARATOR.join([row.motif.slug, row.language, row.name]),
        {"motif": (Kind.MOTIF, lambda values: str(values["motif"]))},
    ),
    Kind.CLAIM: _Table(
        Claim,
        ("motif",),
        lambda row: {
            "motif": row.motif.slug,
            **{
                name: getattr(row, name)
                for name in (
                    "key",
                    "kind",
                    "language",
                    "text",
                    "confidence",
                    "is_main",
                    "position",
                )
            },
        },
        lambda row: SEPARATOR.join([row.key, row.language]),
        {"motif": (Kind.MOTIF, lambda values: str(values["motif"]))},
    ),
    Kind.CITATION: _Table(
        Citation,
        ("claim", "source"),
        lambda row: {
            "claim": row.claim.key,
            "language": row.claim.language,
            "source": row.source.key,
            "locator": row.locator,
            "position": row.position,
        },
        lambda row: SEPARATOR.join([row.claim.key, row.claim.language, row.source.key]),
        {
            "claim": (Kind.CLAIM, _claim_key),
            "source": (Kind.SOURCE, lambda values: str(values["source"])),
        },
    ),
    Kind.LOOK_ALIKE: _Table(
        LookAlike,
        ("first", "second"),
        lambda row: {
            name: getattr(row, name) for name in ("is_sourced", "tell_id", "tell_en")
        },
        lambda row: SEPARATOR.join(sorted([row.first.slug, row.second.slug])),
        {},
    ),
}


class _Import:
    """One run: what there is, what was written last, what is wanted."""

    def __init__(self, wanted: Rows, before: Before) -> None:
        self.wanted = wanted
        self.before = before
        self.outcome = Outcome()
        self.rows: dict[Kind, dict[str, Model]] = {}
        self.now: dict[Kind, dict[str, Values]] = {}
        self.written: dict[Kind, dict[str, Values]] = {kind: {} for kind in TABLES}
        for kind, table in TABLES.items():
            found = table.model._default_manager.select_related(*table.select)
            self.rows[kind] = {table.key(row): row for row in found.order_by("-pk")}
            self.now[kind] = {
                key: table.values(row) for key, row in self.rows[kind].items()
            }
        for record in ImportRecord.objects.all():
            self.written[Kind(record.kind)][record.key] = record.values
        self.had_any = any(self.written.values())
        self.to_record: list[ImportRecord] = []

    def run(self) -> Outcome:
        for kind in reversed(TABLES):
            self._remove_dropped(kind)
        for kind in TABLES:
            if kind == Kind.NAME:
                self._yield_to_preferred_names()
            self._synchronise(kind)
        self._fold_again()
        ImportRecord.objects.bulk_create(
            self.to_record,
            update_conflicts=True,
            unique_fields=["kind", "key"],
            update_fields=["values"],
        )
        self.outcome.rows = {kind.value: len(self.rows[kind]) for kind in TABLES}
        return self.outcome

    def _is_ours(self, kind: Kind, key: str) -> bool:
        """Whether the row is still exactly what the import wrote."""
        row, written = self.now[kind].get(key), self.written[kind].get(key)
        if row is None or row != written:
            return False
        # A source vouches for the words it was cited for: where a curator has
        # rewritten a claim, its citations are theirs as well.
        return kind != Kind.CITATION or self._is_ours(Kind.CLAIM, _claim_key(row))

    def _record(self, kind: Kind, key: str, values: Values) -> None:
        self.written[kind][key] = values
        self.to_record.append(ImportRecord(kind=kind, key=key, values=values))

    def _remove_dropped(self, kind: Kind) -> None:
        if not TABLES[kind].is_removable:
            return
        dropped = [
            key
            for key in self.written[kind]
            if key not in self.wanted[kind] and self._is_ours(kind, key)
        ]
        if kind == Kind.CLAIM:
            ids = {key: self.rows[kind][key].pk for key in dropped}
            # A curator's own citation of a claim keeps the claim.
            cited = Citation.objects.filter(claim__in=ids.values())
            kept = set(cited.values_list("claim", flat=True))
            dropped = [key for key in dropped if ids[key] not in kept]
        rows = [self.rows[kind].pop(key).pk for key in dropped]
        for key in dropped:
            del self.now[kind][key], self.written[kind][key]
        if dropped:
            TABLES[kind].model._default_manager.filter(pk__in=rows).delete()
            ImportRecord.objects.filter(kind=kind, key__in=dropped).delete()
        self.outcome.removed += len(dropped)

    def _yield_to_preferred_names(self) -> None:
        """Where a curator prefers another name, the files' becomes an alternative."""
        taken = {
            (values["motif"], values["language"])
            for key, values in self.now[Kind.NAME].items()
            if values["kind"] == MotifName.Kind.PREFERRED
            and not self._is_ours(Kind.NAME, key)
        }
        self.wanted[Kind.NAME] = {
            key: {**values, "kind": MotifName.Kind.ALTERNATIVE.value}
            if values["kind"] == MotifName.Kind.PREFERRED
            and (values["motif"], values["language"]) in taken
            else values
            for key, values in self.wanted[Kind.NAME].items()
        }

    def _synchronise(self, kind: Kind) -> None:
        created: list[Model] = []
        updated: list[Model] = []
        for key, wanted in self.wanted[kind].items():
            row = self.rows[kind].get(key)
            written = self.written[kind].get(key)
            if row is None and written is None:
                made = self._made(kind, key, wanted)
                if made is None:
                    continue
                created.append(made)
                self.rows[kind][key] = made
                self.now[kind][key] = wanted
                self._record(kind, key, wanted)
            elif row is None:
                self.outcome.kept_deleted += 1
            elif written is None:
                self._record(kind, key, THEIRS)
                self.outcome.kept_edited += 1
            elif self.now[kind][key] != written:
                self.outcome.kept_edited += 1
            elif wanted != written and self._is_ours(kind, key):
                self._fill(kind, row, wanted)
                updated.append(row)
                self.now[kind][key] = wanted
                self._record(kind, key, wanted)
        manager = TABLES[kind].model._default_manager
        if kind == Kind.NAME:
            # Postgres checks "one preferred" row by row: make room before taking it.
            self._update(kind, [row for row in updated if not _is_preferred(row)])
            updated = [row for row in updated if _is_preferred(row)]
        self._update(kind, updated)
        # With the first import the catalogue begins; its history comes after that.
        told = created if self.had_any else []
        for row in told:
            self.before.changes(row)
        manager.bulk_create(created)
        for row in told:
            self.before.made(row)
        self.outcome.created += len(created)

    def _update(self, kind: Kind, rows: list[Model]) -> None:
        if not rows:
            return
        table = TABLES[kind]
        for row in rows:
            self.before.changes(row)
        columns = [*table.values(rows[0]).keys() - {"claim", "source", "language"}]
        table.model._default_manager.bulk_update(rows, columns)
        self.outcome.updated += len(rows)

    def _made(self, kind: Kind, key: str, wanted: Values) -> Model | None:
        """A new row, or None where what it belongs to is gone or a curator's own."""
        if kind == Kind.CITATION and not self._is_ours(Kind.CLAIM, _claim_key(wanted)):
            return None
        row = TABLES[kind].model()
        match row:
            case Source():
                row.key = key
            case Motif():
                row.slug = key
                row.state = Motif.State.PUBLISHED
                row.published_at = timezone.now()
            case LookAlike():
                motifs = self.rows[Kind.MOTIF]
                pair = [motifs[slug] for slug in key.split(SEPARATOR) if slug in motifs]
                if len(pair) != 2:
                    return None
                row.first_id, row.second_id = sorted(motif.pk for motif in pair)
        return row if self._fill(kind, row, wanted) else None

    def _fill(self, kind: Kind, row: Any, wanted: Values) -> bool:
        """Write the values into the row; False if one of its relations is gone."""
        related = TABLES[kind].related
        for name, value in wanted.items():
            if name not in related:
                setattr(row, name, value)
                continue
            other, key = related[name]
            found = self.rows[other].get(key(wanted))
            if found is None:
                return False
            setattr(row, name, found)
        return True

    def _fold_again(self) -> None:
        """Bring folded names up to the present rules of folding."""
        stale = [
            name
            for name in self.rows[Kind.NAME].values()
            if isinstance(name, MotifName) and name.folded != fold(name.name)
        ]
        for name in stale:
            name.folded = fold(name.name)
        MotifName.objects.bulk_update(stale, ["folded"])
        self.outcome.updated += len(stale)


def _is_preferred(row: Model) -> bool:
    return isinstance(row, MotifName) and row.kind == MotifName.Kind.PREFERRED
