"""Photos that everybody calls a print are determined as one, whatever motif was named.

Until now it was a dispute where some named a motif and others none. Photos of which
something else was said too are determined anew with the next statement on them.
"""

from collections import defaultdict

from django.db import migrations
from django.utils import timezone


def determine_prints(apps, schema_editor):
    Identification = apps.get_model("motifs", "Identification")
    said = defaultdict(list)
    for one in (
        Identification.objects.filter(
            withdrawn_at=None, photo__identifications__outcome="printed"
        )
        .exclude(role="giver")
        .exclude(outcome="cannot_tell")
        .select_related("photo", "motif")
        .distinct()
    ):
        said[one.photo_id].append(one)
    for statements in said.values():
        rule = rule_of(statements)
        if rule and all(one.outcome == "printed" for one in statements):
            determine(apps, statements, rule)


def rule_of(statements):
    experts = sum(one.role == "expert" for one in statements)
    if experts >= 2:
        return "two_experts"
    return "expert_and_curator" if experts and len(statements) > experts else ""


def determine(apps, statements, rule):
    photo = statements[0].photo
    named = defaultdict(list)
    for one in statements:
        if one.motif is not None:
            named[one.motif.merged_into_id or one.motif.pk].append(one)
    motif_id = next(iter(named)) if len(named) == 1 else None
    if not rule_of(named.get(motif_id, [])):
        motif_id = photo.determined_motif_id
    was = [
        photo.determined_outcome,
        photo.determined_motif_id,
        photo.determined_second_motif_id,
        photo.determined_rule,
    ]
    becomes = ["printed", motif_id, None, rule]
    photo.is_disputed = len(named) > 1
    if was != becomes:
        photo.determined_outcome, photo.determined_motif_id = "printed", motif_id
        photo.determined_rule = rule
        photo.determined_at = timezone.now()
        apps.get_model("motifs", "HistoryEntry").objects.create(
            verb="determined",
            photo=photo,
            motif_id=motif_id,
            data={"was": was, "is": becomes},
        )
    photo.save()


class Migration(migrations.Migration):

    dependencies = [("motifs", "0015_cloths_seen")]

    operations = [
        migrations.RunPython(determine_prints, migrations.RunPython.noop)
    ]
