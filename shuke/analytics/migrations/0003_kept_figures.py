"""Figures of large merchants as they were reckoned last."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0002_member_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptFigures',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('name', models.TextField()),
                ('reckoned_at', models.DateTimeField()),
                ('place', models.TextField()),
                ('content', models.JSONField()),
            ],
        ),
        walls("analytics_keptfigures"),
    ]
