"""The installation's own row and who may send again after a restore; facts are numbered by functions a restore can raise."""

import django.db.models.functions.datetime
import shuke.core.models
from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0002_statistics"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE FUNCTION shuke_fact_xid() RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT pg_current_xact_id()'",
            "DROP FUNCTION shuke_fact_xid()",
        ),
        migrations.RunSQL(
            "CREATE FUNCTION shuke_fact_horizon() RETURNS xid8 LANGUAGE sql STABLE"
            " AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())'",
            "DROP FUNCTION shuke_fact_horizon()",
        ),
        migrations.AlterField(
            model_name='fact',
            name='xid',
            field=shuke.core.models.TransactionId(db_default=models.Func(function='shuke_fact_xid')),
        ),
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('place', models.TextField()),
                ('epoch', models.IntegerField(default=0)),
                ('reason', models.TextField(default='')),
                ('held_at', models.DateTimeField(null=True)),
                ('backed_up_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='installation_is_one')],
            },
        ),
        migrations.CreateModel(
            name='SendingRelease',
            fields=[
                ('merchant_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('epoch', models.IntegerField()),
                ('released_at', models.DateTimeField()),
                ('by', models.TextField()),
            ],
        ),
        walls("core_sendingrelease"),
    ]
