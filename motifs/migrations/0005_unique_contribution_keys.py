import motifs.models.contribution
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("motifs", "0004_contribution_keys")]

    operations = [
        migrations.AlterField(
            model_name="contribution",
            name="key",
            field=models.CharField(
                default=motifs.models.contribution.new_key,
                editable=False,
                max_length=32,
                unique=True,
            ),
        ),
    ]
