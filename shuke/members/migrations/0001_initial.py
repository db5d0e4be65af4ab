"""Customers behind their walls, and the search for parts of nicks."""

import django.db.models.functions.datetime
from django.db import migrations, models

from shuke.core.tenancy import walls

# New entries wait in a pending list that autovacuum sorts in: an import does not pay for the index.
NICK_PARTS = """
CREATE INDEX identity_nick_part ON members_identity USING gin (merchant_id, value gin_trgm_ops)
WITH (gin_pending_list_limit = 262144) WHERE kind = 'nick'
"""

# Under row-level security PostgreSQL uses no index for LIKE, which is not leakproof. This function runs as the tables'
# owner, so it repeats the walls' condition itself and gives back nothing but members of the open merchant.
SEARCH = r"""
CREATE FUNCTION members_by_nick(part text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    merchant bigint := nullif(current_setting('shuke.merchant_id', true), '')::bigint;
    pattern text := '%' || replace(replace(replace(part, '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
    IF merchant IS NULL OR part = '' THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT DISTINCT member_id FROM (SELECT member_id FROM members_identity WHERE merchant_id = $1'
        ' AND kind = ''nick'' AND value ILIKE $2 LIMIT $3) AS found'
        USING merchant, pattern, most;
END
$$
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Attribute',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.TextField()),
                ('kind', models.TextField()),
                ('choices', models.JSONField(default=list)),
                ('is_personal', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'name'), name='attribute_once')],
            },
        ),
        migrations.CreateModel(
            name='AttributeValue',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('attribute_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('value', models.TextField(default='')),
                ('sealed', models.BinaryField(null=True)),
                ('source', models.TextField(default='')),
                ('set_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'attribute_id', 'value'], name='attribute_value_lookup')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'member_id', 'attribute_id'), name='attribute_value_once')],
            },
        ),
        migrations.CreateModel(
            name='Card',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('sealed', models.BinaryField()),
                ('name_index', models.BinaryField(null=True)),
                ('phone_index', models.BinaryField(null=True)),
                ('phone_tail', models.BinaryField(null=True)),
                ('email_index', models.BinaryField(null=True)),
                ('alipay_index', models.BinaryField(null=True)),
                ('seen_at', models.DateTimeField()),
                ('source', models.TextField(default='')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('name_index__isnull', False)), fields=['merchant_id', 'name_index'], name='card_name_index'), models.Index(condition=models.Q(('phone_index__isnull', False)), fields=['merchant_id', 'phone_index'], name='card_phone_index'), models.Index(condition=models.Q(('phone_tail__isnull', False)), fields=['merchant_id', 'phone_tail'], name='card_phone_tail'), models.Index(condition=models.Q(('email_index__isnull', False)), fields=['merchant_id', 'email_index'], name='card_email_index'), models.Index(condition=models.Q(('alipay_index__isnull', False)), fields=['merchant_id', 'alipay_index'], name='card_alipay_index')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'member_id', 'digest'), name='card_once')],
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.TextField()),
                ('note', models.TextField(default='')),
                ('offer', models.TextField(default='')),
                ('strategy', models.TextField(default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'name'), name='group_once')],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('kind', models.TextField()),
                ('shop_id', models.BigIntegerField(default=0)),
                ('value', models.TextField()),
                ('source', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id'], name='identity_member')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'kind', 'shop_id', 'value'), name='identity_once')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('display_name', models.TextField(default='')),
                ('relation_source', models.TextField(default='untraded')),
                ('status', models.TextField(default='normal')),
                ('status_reason', models.TextField(default='')),
                ('province', models.TextField(default='')),
                ('city', models.TextField(default='')),
                ('gender', models.TextField(default='')),
                ('birth_month_day', models.SmallIntegerField(null=True)),
                ('joined_at', models.DateTimeField()),
                ('source', models.TextField(default='')),
                ('seen_at', models.DateTimeField(null=True)),
                ('seen_digest', models.BinaryField(null=True)),
                ('seen_source', models.TextField(default='')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'normal'), _negated=True), fields=['merchant_id', 'status', 'id'], name='member_status'), models.Index(condition=models.Q(('birth_month_day__isnull', False)), fields=['merchant_id', 'birth_month_day'], name='member_birthday')],
            },
        ),
        migrations.CreateModel(
            name='MemberGroup',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('group_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('by', models.TextField()),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id'], name='member_group_member')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'group_id', 'member_id'), name='member_group_once')],
            },
        ),
        migrations.CreateModel(
            name='MemberTag',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('tag_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('by', models.TextField()),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id'], name='member_tag_member')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'tag_id', 'member_id'), name='member_tag_once')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('sealed', models.BinaryField()),
                ('by', models.TextField()),
                ('written_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'member_id', 'written_at'], name='note_member')],
            },
        ),
        migrations.CreateModel(
            name='SourceUse',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_id', models.BigIntegerField()),
                ('source', models.TextField()),
                ('items', models.JSONField(default=list)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'member_id', 'source'), name='source_use_once')],
            },
        ),
        migrations.CreateModel(
            name='Suspicion',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('first_member_id', models.BigIntegerField()),
                ('second_member_id', models.BigIntegerField()),
                ('first_kind', models.TextField()),
                ('second_kind', models.TextField()),
                ('source', models.TextField(default='')),
                ('state', models.TextField(default='open')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'first_member_id', 'second_member_id'), name='suspicion_once')],
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'name'), name='tag_once')],
            },
        ),
        walls("members_member"),
        walls("members_identity"),
        walls("members_card"),
        walls("members_sourceuse"),
        walls("members_suspicion"),
        walls("members_tag"),
        walls("members_membertag"),
        walls("members_group"),
        walls("members_membergroup"),
        walls("members_note"),
        walls("members_attribute"),
        walls("members_attributevalue"),
        migrations.RunSQL(NICK_PARTS, "DROP INDEX identity_nick_part"),
        migrations.RunSQL(SEARCH, "DROP FUNCTION members_by_nick(text, integer)"),
    ]
