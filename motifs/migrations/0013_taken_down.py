from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('motifs', '0012_contribution_revision'),
    ]

    operations = [
        migrations.AlterField(
            model_name='historyentry',
            name='verb',
            field=models.CharField(choices=[('created', 'Entered'), ('submitted', 'Submitted'), ('edited', 'Edited'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('reopened', 'Decision taken back'), ('flagged', 'Noted by a check'), ('identified', 'Identified'), ('unidentified', 'Identification withdrawn'), ('determined', 'Determined'), ('undetermined', 'Determination lifted'), ('marked_good', 'Marked as a good photo'), ('unmarked_good', 'No longer marked as a good photo'), ('restricted', 'Restricted'), ('opened', 'Made public'), ('merged', 'Merged'), ('published', 'Published'), ('reported', 'Problem reported'), ('resolved', 'Problem resolved')], max_length=16, verbose_name='what'),
        ),
    ]
