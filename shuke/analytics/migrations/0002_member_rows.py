"""One wide row a member for the list, and triggers that mark whose row is to be written again (decision 0020)."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models

from shuke.core.tenancy import walls

OLD_INDEXES = ("name", "province", "relation", "last_order", "lifecycle", "amount", "orders", "average", "points")

# Table, column that names the member, and which of its rows the list shows.
SOURCES = (
    ("members_member", "id", "true"),
    ("trade_figures", "member_id", "true"),
    ("ledger_balance", "member_id", "asset = 'points'"),
    ("loyalty_standing", "member_id", "true"),
)

# One row a statement, or one for each thousand members of a very large one, so that they are followed in batches.
MARK = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_mark (merchant_id, member_ids)
    SELECT merchant_id, array_agg(member_id) FROM (
        SELECT merchant_id, {column} AS member_id, (row_number() OVER ()) / 1000 AS part FROM touched WHERE {which}
    ) AS numbered GROUP BY merchant_id, part;
    RETURN NULL;
END
$$
"""


def followed(table: str, column: str, which: str) -> migrations.RunSQL:
    """Triggers of one table, one a statement, whatever the number of rows."""
    name = f"analytics_mark_{table}"
    return migrations.RunSQL(
        [
            MARK.format(name=name, column=column, which=which),
            *(
                f"CREATE TRIGGER {name}_{event.lower()} AFTER {event} ON {table} REFERENCING {age} TABLE AS touched"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
                for event, age in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
            ),
        ],
        f"DROP FUNCTION {name} CASCADE",
    )


BEFORE = """
INSERT INTO analytics_mark (merchant_id, member_ids)
SELECT merchant_id, array_agg(id) FROM (
    SELECT merchant_id, id, (row_number() OVER (PARTITION BY merchant_id ORDER BY id)) / 1000 AS part FROM members_member
) AS numbered GROUP BY merchant_id, part
"""


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0001_member_list'),
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('member_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MemberRow',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'member_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('last_order_at', models.DateTimeField()),
                ('paid_fen', models.BigIntegerField()),
                ('average_fen', models.BigIntegerField()),
                ('points', models.BigIntegerField()),
                ('order_count', models.IntegerField()),
                ('level_no', models.SmallIntegerField()),
                ('lifecycle', models.TextField()),
                ('status', models.TextField()),
                ('relation_source', models.TextField()),
                ('province', models.TextField()),
                ('display_name', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'last_order_at', 'member_id'], name='row_last_order_at'), models.Index(fields=['merchant_id', 'paid_fen', 'member_id'], name='row_paid_fen'), models.Index(fields=['merchant_id', 'order_count', 'member_id'], name='row_order_count'), models.Index(fields=['merchant_id', 'average_fen', 'member_id'], name='row_average_fen'), models.Index(fields=['merchant_id', 'points', 'member_id'], name='row_points'), models.Index(fields=['merchant_id', 'display_name', 'member_id'], name='row_display_name'), models.Index(fields=['merchant_id', 'level_no', 'member_id'], name='row_level_no'), models.Index(fields=['merchant_id', 'lifecycle', 'last_order_at', 'member_id'], name='row_lifecycle'), models.Index(fields=['merchant_id', 'province', 'member_id'], name='row_province'), models.Index(condition=models.Q(('status', 'normal'), _negated=True), fields=['merchant_id', 'status', 'member_id'], name='row_status'), models.Index(condition=models.Q(('relation_source', 'traded'), _negated=True), fields=['merchant_id', 'relation_source', 'member_id'], name='row_relation')],
            },
        ),
        walls("analytics_memberrow"),
        walls("analytics_mark"),
        *(followed(*source) for source in SOURCES),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL([f"DROP INDEX list_{name}" for name in OLD_INDEXES], migrations.RunSQL.noop),
    ]
