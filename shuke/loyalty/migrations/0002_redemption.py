"""Rules, codes and counters of paying with points, each behind its walls."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('key', models.TextField()),
                ('code', models.TextField()),
                ('member_id', models.BigIntegerField()),
                ('rule_id', models.BigIntegerField()),
                ('points', models.BigIntegerField()),
                ('worth_fen', models.BigIntegerField()),
                ('state', models.TextField(default='reserved')),
                ('why', models.TextField(default='')),
                ('place', models.SmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('asked_on', models.DateField()),
                ('until_at', models.DateTimeField()),
                ('held_until_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('order_no', models.TextField(default='')),
                ('before_fen', models.BigIntegerField(null=True)),
                ('after_fen', models.BigIntegerField(null=True)),
                ('paid_fen', models.BigIntegerField(null=True)),
                ('found_by', models.TextField(default='')),
                ('bound_at', models.DateTimeField(null=True)),
                ('bound_by', models.TextField(default='')),
                ('hold', models.TextField(default='none')),
                ('round_no', models.IntegerField(default=0)),
                ('reservation_id', models.BigIntegerField(null=True)),
                ('returned_points', models.BigIntegerField(default=0)),
                ('slots', models.JSONField(null=True)),
                ('decision', models.TextField(default='')),
                ('decided_by', models.TextField(default='')),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id', 'asked_at'], name='redemption_member'), models.Index(fields=['merchant_id', 'asked_on', 'asked_at'], name='redemption_day'), models.Index(condition=models.Q(('order_no', ''), _negated=True), fields=['merchant_id', 'order_no'], name='redemption_order_no'), models.Index(condition=models.Q(('state__in', ('reserved', 'bound'))), fields=['merchant_id', 'held_until_at'], name='redemption_waiting')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'key'), name='redemption_once'), models.UniqueConstraint(fields=('merchant_id', 'code'), name='redemption_code'), models.UniqueConstraint(condition=models.Q(('state__in', ('bound', 'committed', 'mismatch'))), fields=('merchant_id', 'order_no'), name='redemption_order'), models.UniqueConstraint(condition=models.Q(('state', 'reserved')), fields=('merchant_id', 'member_id', 'place'), name='redemption_open'), models.CheckConstraint(condition=models.Q(('state__in', ('reserved', 'bound', 'committed', 'released', 'mismatch'))), name='redemption_state'), models.CheckConstraint(condition=models.Q(('hold__in', ('reserved', 'spent', 'none'))), name='redemption_hold'), models.CheckConstraint(condition=models.Q(('points__gt', 0), ('returned_points__gte', 0), ('worth_fen__gt', 0), ('returned_points__lte', models.F('points'))), name='redemption_amounts'), models.CheckConstraint(condition=models.Q(('state__in', ('reserved', 'released')), models.Q(('order_no', ''), _negated=True), _connector='OR'), name='redemption_has_order')],
            },
        ),
        migrations.CreateModel(
            name='RedemptionCount',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('asked_on', models.DateField()),
                ('member_id', models.BigIntegerField()),
                ('slot', models.SmallIntegerField()),
                ('points', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'asked_on', 'member_id', 'slot'), name='redemptioncount_once'), models.CheckConstraint(condition=models.Q(('points__gte', 0)), name='redemptioncount_not_below')],
            },
        ),
        migrations.CreateModel(
            name='RedemptionRule',
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
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'number'), name='redemptionrule_once')],
            },
        ),
        walls("loyalty_redemptionrule", insert_only=True),
        walls("loyalty_redemption"),
        walls("loyalty_redemptioncount"),
    ]
