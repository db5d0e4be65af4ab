"""Terms of paid membership remember whose they are when members are joined."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0003_paid_members_birthdays_requests'),
    ]

    operations = [
        migrations.AddField('term', 'origin_id', models.BigIntegerField(null=True)),
    ]
