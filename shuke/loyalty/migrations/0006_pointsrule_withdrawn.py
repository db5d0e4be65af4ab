"""A points rule for a day to come may be withdrawn until then; nothing else of a saved rule ever changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0005_level_held'),
    ]

    operations = [
        migrations.AddField('pointsrule', 'withdrawn_at', models.DateTimeField(null=True)),
        migrations.RunSQL(
            "GRANT UPDATE (withdrawn_at) ON loyalty_pointsrule TO shuke_app",
            "REVOKE UPDATE (withdrawn_at) ON loyalty_pointsrule FROM shuke_app",
        ),
    ]
