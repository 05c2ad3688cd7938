"""Experts' statements are kept as they were made; skips, comments and uncertainty."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION motifs_identification_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
        AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an identification is withdrawn, never changed or deleted'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'identification_is_kept';
END
$$;
CREATE TRIGGER identification_is_kept BEFORE UPDATE OR DELETE ON motifs_identification
    FOR EACH ROW EXECUTE FUNCTION motifs_identification_is_kept();
"""

BACKWARDS = """
DROP TRIGGER identification_is_kept ON motifs_identification;
DROP FUNCTION motifs_identification_is_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('motifs', '0009_checks_rendered_at'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='written at')),
                ('text', models.TextField(verbose_name='text')),
            ],
            options={
                'verbose_name': 'comment',
                'verbose_name_plural': 'comments',
                'ordering': ['written_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SkippedPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('skipped_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AlterModelOptions(
            name='identification',
            options={'ordering': ['photo', 'identified_at', 'pk'], 'permissions': [('view_agreement', 'Can see how far experts agree')], 'verbose_name': 'identification', 'verbose_name_plural': 'identifications'},
        ),
        migrations.AddField(
            model_name='photo',
            name='uncertainty',
            field=models.FloatField(editable=False, help_text='Of the recogniser, from 0 to 1; not known where it has not looked.', null=True, verbose_name='uncertainty'),
        ),
        migrations.AlterField(
            model_name='identification',
            name='identified_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='identified at'),
        ),
        migrations.AlterField(
            model_name='identification',
            name='photo',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identifications', to='motifs.photo', verbose_name='photo'),
        ),
        migrations.AddIndex(
            model_name='identification',
            index=models.Index(fields=['identified_by', '-identified_at'], name='identified_by_and_when'),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(condition=models.Q(('is_disputed', True)), fields=['-id'], name='photo_disputed'),
        ),
        migrations.AddConstraint(
            model_name='identification',
            constraint=models.UniqueConstraint(condition=models.Q(('is_blind', True)), fields=('photo', 'identified_by'), name='one_blind_identification_per_person'),
        ),
        migrations.AddConstraint(
            model_name='identification',
            constraint=models.CheckConstraint(condition=models.Q(('is_blind', False), models.Q(('role', 'giver'), _negated=True), _connector='OR'), name='identification_of_ones_own_is_not_blind'),
        ),
        migrations.AddConstraint(
            model_name='identification',
            constraint=models.CheckConstraint(condition=models.Q(('certainty__in', ['certain', 'probable', 'possible'])), name='identification_certainty_is_known_word'),
        ),
        migrations.AddConstraint(
            model_name='identification',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['expert', 'curator', 'giver'])), name='identification_role_is_known_word'),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.CheckConstraint(condition=models.Q(('uncertainty', None), models.Q(('uncertainty__gte', 0), ('uncertainty__lte', 1)), _connector='OR'), name='photo_uncertainty_is_a_share'),
        ),
        migrations.AddField(
            model_name='comment',
            name='photo',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='motifs.photo'),
        ),
        migrations.AddField(
            model_name='comment',
            name='written_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by'),
        ),
        migrations.AddField(
            model_name='skippedphoto',
            name='photo',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skips', to='motifs.photo'),
        ),
        migrations.AddField(
            model_name='skippedphoto',
            name='skipped_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_says_something'),
        ),
        migrations.AddConstraint(
            model_name='skippedphoto',
            constraint=models.UniqueConstraint(fields=('skipped_by', 'photo'), name='one_skip_per_person_and_photo'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
