"""The lines of a whole merchant by time, for the ledger's page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['merchant_id', 'happened_at', 'id'], name='transfer_journal'),
        ),
    ]
