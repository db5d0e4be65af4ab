"""Joined members, consent with proof, suppression, erasure."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('channel', models.TextField()),
                ('purpose', models.TextField()),
                ('is_given', models.BooleanField()),
                ('source', models.TextField()),
                ('wording_version', models.TextField(default='')),
                ('wording_hash', models.BinaryField(null=True)),
                ('by', models.TextField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('state', models.TextField(default='waiting')),
                ('by', models.TextField()),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('loser_id', models.BigIntegerField()),
                ('survivor_id', models.BigIntegerField()),
                ('key', models.TextField()),
                ('by', models.TextField()),
                ('at', models.DateTimeField()),
                ('carried', models.JSONField(default=dict)),
                ('undone_by', models.TextField(default='')),
                ('undone_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('kind', models.TextField()),
                ('index', models.BinaryField(null=True)),
                ('member_id', models.BigIntegerField(null=True)),
                ('reason', models.TextField()),
                ('by', models.TextField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('index', models.BinaryField()),
                ('member_id', models.BigIntegerField()),
                ('erased_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='member',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='home_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='suspicion',
            name='decided_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='suspicion',
            name='decided_by',
            field=models.TextField(db_default=''),
        ),
        migrations.AddIndex(
            model_name='member',
            index=models.Index(condition=models.Q(('home_id__isnull', False)), fields=['merchant_id', 'home_id'], name='member_home'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['merchant_id', 'member_id', 'channel', 'purpose', 'id'], name='consent_member'),
        ),
        migrations.AddIndex(
            model_name='erasurerequest',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['merchant_id', 'due_at'], name='erasure_due'),
        ),
        migrations.AddConstraint(
            model_name='erasurerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('merchant_id', 'member_id'), name='erasure_waiting_once'),
        ),
        migrations.AddIndex(
            model_name='evidence',
            index=models.Index(fields=['merchant_id', 'member_id'], name='evidence_member'),
        ),
        migrations.AddIndex(
            model_name='merge',
            index=models.Index(fields=['merchant_id', 'survivor_id'], name='merge_survivor'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.UniqueConstraint(fields=('merchant_id', 'key', 'loser_id'), name='merge_key'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('merchant_id', 'loser_id'), name='merge_once'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('merchant_id', 'kind', 'index', 'member_id'), name='suppression_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='tombstone',
            constraint=models.UniqueConstraint(fields=('merchant_id', 'index'), name='tombstone_once'),
        ),
        walls("members_merge"),
        walls("members_consent", insert_only=True),
        walls("members_evidence"),
        walls("members_suppression"),
        walls("members_erasurerequest"),
        walls("members_tombstone"),
    ]
