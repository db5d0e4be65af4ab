"""Endpoints, deliveries and the cursor, each behind its walls."""

import django.db.models.functions.datetime
import shuke.core.models
from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("core", "0003_installation"),
    ]

    operations = [
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('merchant_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('xid', shuke.core.models.TransactionId()),
                ('fact_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('url', models.TextField()),
                ('description', models.TextField(default='')),
                ('kinds', models.JSONField(default=list)),
                ('is_active', models.BooleanField(default=True)),
                ('secret', models.BinaryField()),
                ('old_secret', models.BinaryField(null=True)),
                ('old_until', models.DateTimeField(null=True)),
                ('failure_count', models.IntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('rest_until', models.DateTimeField(null=True)),
                ('paused_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('endpoint_id', models.BigIntegerField()),
                ('fact_id', models.BigIntegerField(null=True)),
                ('member_id', models.BigIntegerField(null=True)),
                ('message_id', models.TextField()),
                ('kind', models.TextField()),
                ('body', models.TextField()),
                ('state', models.TextField(default='new')),
                ('attempt_count', models.IntegerField(default=0)),
                ('next_at', models.DateTimeField()),
                ('claimed_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('status', models.IntegerField(null=True)),
                ('trouble', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['new', 'failed'])), fields=['merchant_id', 'endpoint_id', 'next_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['merchant_id', 'claimed_at'], name='delivery_claimed'), models.Index(fields=['merchant_id', 'endpoint_id', 'state', 'id'], name='delivery_log'), models.Index(fields=['merchant_id', 'created_at'], name='delivery_age')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'endpoint_id', 'fact_id'), name='delivery_once'), models.UniqueConstraint(fields=('merchant_id', 'message_id'), name='delivery_message_once'), models.CheckConstraint(condition=models.Q(('state__in', ['new', 'sending', 'sent', 'failed', 'dead'])), name='delivery_state')],
            },
        ),
        walls("webhooks_endpoint"),
        walls("webhooks_delivery"),
        walls("webhooks_cursor"),
    ]
