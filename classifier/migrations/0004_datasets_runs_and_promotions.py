"""Datasets, training runs, evaluations and the ledger, with what may never change."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


FORWARDS = """
CREATE FUNCTION classifier_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END
$$;
CREATE TRIGGER dataset_version_is_kept
    BEFORE DELETE OR UPDATE OF number, digest, built_at ON classifier_datasetversion
    FOR EACH ROW EXECUTE FUNCTION classifier_is_kept();
CREATE TRIGGER dataset_photo_is_kept
    BEFORE DELETE OR UPDATE ON classifier_datasetphoto
    FOR EACH ROW EXECUTE FUNCTION classifier_is_kept();
CREATE TRIGGER promotion_is_kept BEFORE DELETE OR UPDATE ON classifier_promotion
    FOR EACH ROW EXECUTE FUNCTION classifier_is_kept();
"""

BACKWARDS = """
DROP TRIGGER promotion_is_kept ON classifier_promotion;
DROP TRIGGER dataset_photo_is_kept ON classifier_datasetphoto;
DROP TRIGGER dataset_version_is_kept ON classifier_datasetversion;
DROP FUNCTION classifier_is_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('classifier', '0003_checks_predictions_and_embeddings'),
        ('motifs', '0011_desk'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='folder',
            field=models.CharField(blank=True, editable=False, help_text='Below settings.MODELS_FOLDER; none for the one that the site came with (settings.MODEL_FOLDER).', max_length=200),
        ),
        migrations.CreateModel(
            name='DatasetVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(editable=False, unique=True, verbose_name='number')),
                ('digest', models.CharField(editable=False, help_text="SHA-256 of every photo's digest, label, side and group.", max_length=64, unique=True, verbose_name='digest')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('built_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='built at')),
                ('built_by', models.ForeignKey(editable=False, help_text='Nobody where the site built it by count or by schedule.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='built by')),
            ],
            options={
                'verbose_name': 'dataset version',
                'verbose_name_plural': 'dataset versions',
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='DatasetPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('label', models.CharField(help_text='Slug of the motif that was determined.', max_length=100, verbose_name='label')),
                ('split', models.CharField(choices=[('train', 'to learn from'), ('val', 'to check with while learning'), ('test', 'to test with')], max_length=5, verbose_name='side')),
                ('group', models.CharField(help_text='Photos of one cloth, and near copies, share it.', max_length=100, verbose_name='group')),
                ('reason', models.CharField(choices=[('determined', 'Determined, with consent to train'), ('blind', 'Determined by blind views only'), ('tested_before', 'In the test photos of an earlier version')], max_length=20, verbose_name='reason')),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='motifs.photo', verbose_name='photo')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='classifier.datasetversion', verbose_name='dataset version')),
            ],
            options={
                'verbose_name': 'photo of a dataset',
                'verbose_name_plural': 'photos of a dataset',
                'ordering': ['dataset', 'label', 'photo'],
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metrics', models.JSONField(help_text='As `python -m ml evaluate` writes them.', verbose_name='figures')),
                ('folder', models.CharField(blank=True, editable=False, help_text='Of the report, below settings.MODELS_FOLDER.', max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='made at')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='classifier.datasetversion', verbose_name='dataset version')),
                ('model_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='classifier.modelversion', verbose_name='model version')),
            ],
            options={
                'verbose_name': 'evaluation',
                'verbose_name_plural': 'evaluations',
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Promotion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_rollback', models.BooleanField(default=False, verbose_name='a step back')),
                ('promoted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('gate', models.JSONField(default=dict, help_text='What was compared, and what the gate said of it.', verbose_name='gate')),
                ('passed_gate', models.BooleanField(verbose_name='passed the gate')),
                ('reason', models.TextField(blank=True, help_text='Needed where the gate is overruled.', verbose_name='reason')),
                ('from_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='classifier.modelversion', verbose_name='from')),
                ('promoted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('to_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='classifier.modelversion', verbose_name='to')),
            ],
            options={
                'verbose_name': 'promotion',
                'verbose_name_plural': 'promotions',
                'ordering': ['-promoted_at', '-pk'],
                'permissions': [('promote_model', 'Can promote models and go back')],
            },
        ),
        migrations.CreateModel(
            name='TrainingRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', editable=False, max_length=10, verbose_name='state')),
                ('trigger', models.CharField(choices=[('hand', 'by hand'), ('count', 'enough new confirmations'), ('schedule', 'by schedule')], default='hand', max_length=10, verbose_name='started')),
                ('recipe', models.CharField(default='default', max_length=20, verbose_name='recipe')),
                ('settings', models.JSONField(blank=True, default=dict, help_text="Options of the command that differ from the recipe's.", verbose_name='settings')),
                ('seed', models.PositiveIntegerField(default=1, verbose_name='seed')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='asked for at')),
                ('started_at', models.DateTimeField(editable=False, null=True, verbose_name='started at')),
                ('beat_at', models.DateTimeField(editable=False, null=True, verbose_name='last sign of life')),
                ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='ended at')),
                ('cancel_asked_at', models.DateTimeField(editable=False, null=True, verbose_name='cancelling asked for at')),
                ('progress', models.JSONField(default=dict, editable=False, help_text='What is being done, how much is done and how much there is.', verbose_name='progress')),
                ('problem', models.TextField(blank=True, editable=False, verbose_name='problem')),
                ('asked_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='classifier.datasetversion', verbose_name='dataset version')),
                ('makes', models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='run', to='classifier.modelversion', verbose_name='made')),
                ('repeats', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repeated_by', to='classifier.trainingrun', verbose_name='repeats')),
                ('starts_from', models.ForeignKey(blank=True, help_text='The model whose weights it goes on from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='classifier.modelversion', verbose_name='starts from')),
            ],
            options={
                'verbose_name': 'training run',
                'verbose_name_plural': 'training runs',
                'ordering': ['-asked_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='datasetversion',
            constraint=models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='dataset_version_digest_is_sha256'),
        ),
        migrations.AddConstraint(
            model_name='datasetphoto',
            constraint=models.UniqueConstraint(fields=('dataset', 'photo'), name='one_photo_once_per_dataset'),
        ),
        migrations.AddConstraint(
            model_name='datasetphoto',
            constraint=models.CheckConstraint(condition=models.Q(('split__in', ['train', 'val', 'test'])), name='dataset_photo_has_a_side'),
        ),
        migrations.AddConstraint(
            model_name='datasetphoto',
            constraint=models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='dataset_photo_digest_is_sha256'),
        ),
        migrations.AddConstraint(
            model_name='evaluation',
            constraint=models.UniqueConstraint(fields=('model_version', 'dataset'), name='one_evaluation_per_version_and_dataset'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('passed_gate', True), ('is_rollback', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='overruling_the_gate_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('from_version', None), models.Q(('from_version', models.F('to_version')), _negated=True), _connector='OR'), name='promotion_changes_the_champion'),
        ),
        migrations.AddConstraint(
            model_name='trainingrun',
            constraint=models.UniqueConstraint(models.Value(1), condition=models.Q(('state__in', ['queued', 'running'])), name='one_training_run_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='trainingrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('started_at', None), ('state', 'queued')), models.Q(('ended_at', None), ('started_at__isnull', False), ('state', 'running')), models.Q(('ended_at__isnull', False), ('state__in', ['done', 'failed', 'cancelled'])), _connector='OR'), name='training_run_has_the_times_of_its_state'),
        ),
        migrations.AddConstraint(
            model_name='trainingrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('makes__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('makes', None)), _connector='OR'), name='training_run_that_is_done_made_a_model'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
