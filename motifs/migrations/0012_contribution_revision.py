"""What a curator was shown has a number, which changes with what a giver changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('motifs', '0011_desk')]

    operations = [
        migrations.AddField(
            model_name='contribution',
            name='revision',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='How often its giver has changed it since it was first sent.', verbose_name='revision'),
        ),
    ]
