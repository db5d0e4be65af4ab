"""Transfers and allocations that are only ever added; lots, reservations and balances they add up to."""

import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

from shuke.core.tenancy import walls


STATES = """
    ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_states CHECK ((from_state, to_state) IN (
        ('issued', 'pending'), ('issued', 'active'), ('pending', 'active'), ('pending', 'taken_back'),
        ('active', 'spent'), ('active', 'reserved'), ('active', 'expired'), ('active', 'taken_back'), ('active', 'debt'),
        ('reserved', 'spent'), ('reserved', 'active'), ('reserved', 'expired'), ('spent', 'active'), ('spent', 'expired'),
        ('expired', 'taken_back'), ('debt', 'taken_back')))
"""

# Room on each page lets a changed row stay beside its old version, without new index entries.
ROOM = ["ALTER TABLE ledger_balance SET (fillfactor = 70)", "ALTER TABLE ledger_lot SET (fillfactor = 85)"]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allocation',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'transfer_id', 'lot_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('transfer_id', models.BigIntegerField()),
                ('lot_id', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='allocation_amount')],
            },
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'asset', 'member_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('asset', models.TextField()),
                ('member_id', models.BigIntegerField()),
                ('active', models.BigIntegerField(default=0)),
                ('pending', models.BigIntegerField(default=0)),
                ('reserved', models.BigIntegerField(default=0)),
                ('debt', models.BigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('debt__gt', 0)), fields=['merchant_id', 'asset', 'member_id'], name='balance_debtors')],
                'constraints': [models.CheckConstraint(condition=models.Q(('active__gte', 0), ('debt__gte', 0), ('pending__gte', 0), ('reserved__gte', 0)), name='balance_not_below'), models.CheckConstraint(condition=models.Q(('active', 0), ('debt', 0), _connector='OR'), name='balance_debt_first')],
            },
        ),
        migrations.CreateModel(
            name='Lot',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('asset', models.TextField()),
                ('source', models.TextField()),
                ('part', models.IntegerField(null=True)),
                ('amount', models.BigIntegerField()),
                ('left', models.BigIntegerField()),
                ('lapsed', models.BigIntegerField(default=0)),
                ('revoked', models.BigIntegerField(default=0)),
                ('state', models.TextField()),
                ('available_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('rule_id', models.BigIntegerField(null=True)),
                ('happened_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('pending', 'active'))), fields=['merchant_id', 'asset', 'member_id'], name='lot_open'), models.Index(condition=models.Q(('available_at__isnull', False), ('state', 'pending')), fields=['merchant_id', 'available_at'], name='lot_maturing'), models.Index(condition=models.Q(('expires_at__isnull', False), ('state', 'active')), fields=['merchant_id', 'expires_at'], name='lot_expiring')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'asset', 'source', 'part'), name='lot_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='lot_amount'), models.CheckConstraint(condition=models.Q(('lapsed__gte', 0), ('left__gte', 0), ('revoked__gte', 0)), name='lot_not_below'), models.CheckConstraint(condition=models.Q(('left__lte', django.db.models.expressions.CombinedExpression(models.F('amount'), '-', models.F('lapsed'))), ('revoked__lte', models.F('amount'))), name='lot_not_above'), models.CheckConstraint(condition=models.Q(models.Q(('left__gt', 0), ('state__in', ('pending', 'active'))), models.Q(('left', 0), ('state__in', ('empty', 'lapsed'))), _connector='OR'), name='lot_state')],
            },
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('asset', models.TextField()),
                ('amount', models.BigIntegerField()),
                ('state', models.TextField()),
                ('until_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'reserved')), fields=['merchant_id', 'until_at'], name='reservation_open'), models.Index(condition=models.Q(('state', 'reserved')), fields=['merchant_id', 'asset', 'member_id'], name='reservation_member')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='reservation_amount')],
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('asset', models.TextField()),
                ('kind', models.TextField()),
                ('from_state', models.TextField()),
                ('to_state', models.TextField()),
                ('amount', models.BigIntegerField()),
                ('source', models.TextField(default='')),
                ('key', models.TextField()),
                ('lot_id', models.BigIntegerField(null=True)),
                ('cause_id', models.BigIntegerField(null=True)),
                ('rule_id', models.BigIntegerField(null=True)),
                ('note', models.JSONField(null=True)),
                ('happened_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id', 'asset', 'happened_at'], name='transfer_statement'), models.Index(condition=models.Q(('cause_id__isnull', False)), fields=['merchant_id', 'cause_id'], name='transfer_cause')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'key'), name='transfer_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='transfer_amount')],
            },
        ),
        migrations.RunSQL(STATES, "ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_states"),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        walls("ledger_transfer", insert_only=True),
        walls("ledger_allocation", insert_only=True),
        walls("ledger_lot"),
        walls("ledger_reservation"),
        walls("ledger_balance"),
    ]
