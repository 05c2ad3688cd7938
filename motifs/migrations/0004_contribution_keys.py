from django.db import migrations

from motifs.models.contribution import new_key


def give_keys(apps, schema_editor):
    """The default was computed once for all rows; every contribution needs its own."""
    Contribution = apps.get_model("motifs", "Contribution")
    for contribution in Contribution.objects.only("pk").iterator():
        contribution.key = new_key()
        contribution.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = [("motifs", "0003_anonymous_contributions")]

    operations = [migrations.RunPython(give_keys, migrations.RunPython.noop)]
