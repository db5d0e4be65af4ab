"""Rules, standings and their history, each behind its walls."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('key', models.TextField()),
                ('reason', models.TextField()),
                ('member_count', models.IntegerField()),
                ('amount', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('by', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'at'], name='adjustment_time')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'key'), name='adjustment_once')],
            },
        ),
        migrations.CreateModel(
            name='LevelChange',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('before_no', models.SmallIntegerField()),
                ('after_no', models.SmallIntegerField()),
                ('reason', models.TextField()),
                ('evidence', models.JSONField(default=dict)),
                ('note', models.TextField(default='')),
                ('by', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id', 'at'], name='levelchange_member')],
            },
        ),
        migrations.CreateModel(
            name='LevelRule',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('number', models.IntegerField()),
                ('spec', models.JSONField()),
                ('saved_at', models.DateTimeField()),
                ('saved_by', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'number'), name='levelrule_once')],
            },
        ),
        migrations.CreateModel(
            name='PointsRule',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('number', models.IntegerField()),
                ('valid_from', models.DateTimeField()),
                ('spec', models.JSONField()),
                ('saved_at', models.DateTimeField()),
                ('saved_by', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'number'), name='pointsrule_once')],
            },
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('level_no', models.SmallIntegerField()),
                ('since_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(null=True)),
                ('grace_until_at', models.DateTimeField(null=True)),
                ('reason', models.TextField()),
                ('is_manual', models.BooleanField(default=False)),
                ('evidence', models.JSONField(default=dict)),
                ('note', models.TextField(default='')),
                ('set_by', models.TextField(default='system')),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'level_no', 'member_id'], name='standing_level_members'), models.Index(condition=models.Q(('until_at__isnull', False)), fields=['merchant_id', 'until_at'], name='standing_end'), models.Index(condition=models.Q(('grace_until_at__isnull', False)), fields=['merchant_id', 'grace_until_at'], name='standing_grace')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'member_id'), name='standing_once'), models.CheckConstraint(condition=models.Q(('level_no__gte', 0)), name='standing_level')],
            },
        ),
        walls("loyalty_pointsrule", insert_only=True),
        walls("loyalty_levelrule", insert_only=True),
        walls("loyalty_standing"),
        walls("loyalty_levelchange", insert_only=True),
        walls("loyalty_adjustment", insert_only=True),
    ]
