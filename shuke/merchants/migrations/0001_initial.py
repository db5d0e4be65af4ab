"""Merchants, shops, staff, settings and the audit log, each behind its walls."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from shuke.core.tenancy import walls


OWN = "= (SELECT nullif(current_setting('shuke.merchant_id', true), '')::bigint)"
USER = "(SELECT nullif(current_setting('shuke.user_id', true), '')::bigint)"
OPERATOR = "(SELECT current_setting('shuke.operator', true) = 'on')"
STAFF = f"merchant_id {OWN} OR user_id = {USER}"
MERCHANT = (
    f"id {OWN} OR {OPERATOR} OR EXISTS"
    f" (SELECT FROM merchants_staff s WHERE s.merchant_id = merchants_merchant.id AND s.user_id = {USER})"
)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=64, unique=True)),
                ('display_name', models.CharField(max_length=64)),
                ('language', models.CharField(default='', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('is_operator', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('zone', models.CharField(default='Asia/Shanghai', max_length=64)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('at', models.DateTimeField()),
                ('by', models.TextField()),
                ('act', models.TextField()),
                ('object_kind', models.TextField(blank=True, default='')),
                ('object_id', models.BigIntegerField(null=True)),
                ('details', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'at'], name='audit_time'), models.Index(fields=['merchant_id', 'by', 'at'], name='audit_doer'), models.Index(fields=['merchant_id', 'object_kind', 'object_id'], name='audit_object')],
            },
        ),
        migrations.CreateModel(
            name='Setting',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.CharField(max_length=64)),
                ('value', models.JSONField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'name'), name='setting_once')],
            },
        ),
        migrations.CreateModel(
            name='Shop',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.CharField(max_length=100)),
                ('platform', models.CharField(max_length=32)),
                ('url', models.URLField(blank=True, default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'name'), name='shop_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Staff',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('role', models.CharField(max_length=20)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'user'), name='staff_once')],
            },
        ),
        walls("merchants_merchant", policy=MERCHANT),
        walls("merchants_staff", policy=STAFF),
        walls("merchants_shop"),
        walls("merchants_setting"),
        walls("merchants_auditentry", insert_only=True),
    ]
