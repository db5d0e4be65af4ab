"""What level a member held at a moment is found in one index, without sorting."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0004_term_origin'),
    ]

    operations = [
        migrations.AddIndex(
            'levelchange',
            models.Index(fields=['merchant_id', 'member_id', 'at', 'id'], include=['after_no'], name='levelchange_held'),
        ),
        migrations.RemoveIndex('levelchange', 'levelchange_member'),
    ]
