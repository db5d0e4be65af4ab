"""Books that change hands when members are joined or parted."""

from django.db import migrations, models

from shuke.core.tenancy import walls

STATES = """
    ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_states;
    ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_states CHECK ((from_state, to_state) IN (
        ('issued', 'pending'), ('issued', 'active'), ('pending', 'active'), ('pending', 'taken_back'),
        ('active', 'spent'), ('active', 'reserved'), ('active', 'expired'), ('active', 'taken_back'), ('active', 'debt'),
        ('reserved', 'spent'), ('reserved', 'active'), ('reserved', 'expired'), ('spent', 'active'), ('spent', 'expired'),
        ('expired', 'taken_back'), ('debt', 'taken_back'), ('debt', 'active'), ('debt', 'expired'),
        ('pending', 'moved'), ('active', 'moved'), ('reserved', 'moved'), ('debt', 'moved'),
        ('moved', 'pending'), ('moved', 'active'), ('moved', 'reserved'), ('moved', 'debt')))
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_transfer_journal'),
    ]

    operations = [
        migrations.AddField('lot', 'origin_id', models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name='Home',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'member_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('home_id', models.BigIntegerField()),
                ('family_id', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'family_id'], name='home_family')],
            },
        ),
        walls("ledger_home"),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
    ]
