"""Paid membership, birthday gifts, requests for large adjustments, and warnings that were told once."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0002_redemption'),
    ]

    operations = [
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('spec', models.JSONField()),
                ('sold_from_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
                ('saved_at', models.DateTimeField()),
                ('saved_by', models.TextField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='adjustment',
            name='moved',
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='standing',
            name='under',
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name='AdjustmentRequest',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('key', models.TextField()),
                ('items', models.JSONField()),
                ('reason', models.TextField()),
                ('member_count', models.IntegerField()),
                ('amount', models.BigIntegerField()),
                ('allow_debt', models.BooleanField(default=False)),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('state', models.TextField(default='waiting')),
                ('decided_by', models.TextField(default='')),
                ('decided_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(default='')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['merchant_id', 'until_at'], name='adjustmentrequest_waiting')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'key'), name='adjustmentrequest_once'), models.CheckConstraint(condition=models.Q(('state__in', ('waiting', 'approved', 'refused', 'expired'))), name='adjustmentrequest_state'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'refused')), _negated=True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='adjustmentrequest_two')],
            },
        ),
        migrations.CreateModel(
            name='BirthdayGift',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('year', models.SmallIntegerField()),
                ('points', models.IntegerField()),
                ('times', models.TextField(default='1')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('given_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'member_id', 'year'), name='birthdaygift_once')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('kind', models.TextField()),
                ('member_id', models.BigIntegerField()),
                ('key', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'kind', 'member_id', 'key'), name='notice_once')],
            },
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('plan_id', models.BigIntegerField()),
                ('plan_name', models.TextField()),
                ('source', models.TextField()),
                ('quantity', models.IntegerField(default=1)),
                ('days', models.IntegerField()),
                ('price_fen', models.BigIntegerField()),
                ('level_no', models.SmallIntegerField(null=True)),
                ('times', models.TextField(default='1')),
                ('bonus_points', models.IntegerField(default=0)),
                ('bought_at', models.DateTimeField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('note', models.TextField(default='')),
                ('by', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id', 'bought_at'], name='term_member'), models.Index(condition=models.Q(('taken_back_at__isnull', True)), fields=['merchant_id', 'ends_at'], name='term_end')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'source', 'plan_id'), name='term_once'), models.CheckConstraint(condition=models.Q(('days__gt', 0), ('price_fen__gte', 0), ('quantity__gt', 0)), name='term_amounts'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='term_ends')],
            },
        ),
        walls("loyalty_plan"),
        walls("loyalty_term"),
        walls("loyalty_birthdaygift", insert_only=True),
        walls("loyalty_notice", insert_only=True),
        walls("loyalty_adjustmentrequest"),
    ]
