from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("motifs", "0018_answers_to_reports")]

    operations = [
        migrations.RemoveConstraint(
            model_name="contribution",
            name="contribution_only_an_accepted_edit_is_applied",
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.CheckConstraint(
                condition=models.Q(applied_claim=None)
                | models.Q(kind="edit", accepted_at__isnull=False),
                name="contribution_only_an_accepted_edit_is_applied",
            ),
        ),
    ]
