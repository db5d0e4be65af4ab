"""Facts, progress, keys and the sequence all ids come from."""

import django.db.models.functions.datetime
import shuke.core.models
from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE shuke_ids CACHE 50", "DROP SEQUENCE shuke_ids"),
        migrations.RunSQL("GRANT USAGE, SELECT ON SEQUENCE shuke_ids TO shuke_app", migrations.RunSQL.noop),
        migrations.CreateModel(
            name='FactCursor',
            fields=[
                ('merchant_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('xid', shuke.core.models.TransactionId()),
                ('fact_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='MerchantKey',
            fields=[
                ('merchant_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('wrapped', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Fact',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('xid', shuke.core.models.TransactionId(db_default=models.Func(function='pg_current_xact_id'))),
                ('kind', models.TextField()),
                ('member_id', models.BigIntegerField(null=True)),
                ('subject_id', models.BigIntegerField(null=True)),
                ('payload', models.JSONField(default=dict)),
                ('by', models.TextField(default='system')),
                ('happened_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'xid', 'id'], name='fact_reading'), models.Index(fields=['merchant_id', 'member_id', 'happened_at'], name='fact_timeline')],
            },
        ),
        migrations.CreateModel(
            name='PostponedFact',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('fact_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField(null=True)),
                ('attempt_count', models.IntegerField(default=0)),
                ('next_at', models.DateTimeField()),
                ('error', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'fact_id'), name='postponed_once')],
            },
        ),
        migrations.CreateModel(
            name='Progress',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('kind', models.TextField()),
                ('subject_id', models.BigIntegerField(null=True)),
                ('state', models.TextField(default='waiting')),
                ('done_count', models.BigIntegerField(default=0)),
                ('total_count', models.BigIntegerField(default=0)),
                ('message', models.TextField(default='')),
                ('checkpoint', models.JSONField(default=dict)),
                ('by', models.TextField(default='system')),
                ('started_at', models.DateTimeField(null=True)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'kind', 'subject_id'], name='progress_subject')],
            },
        ),
        walls("core_fact", insert_only=True),
        walls("core_factcursor"),
        walls("core_postponedfact"),
        walls("core_progress"),
        walls("core_merchantkey"),
    ]
