"""Attempts to sign in, which belong to no merchant."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name='SignInTry',
            fields=[
                ('subject', models.BinaryField(primary_key=True, serialize=False)),
                ('failure_count', models.IntegerField()),
                ('tried_at', models.DateTimeField()),
                ('blocked_until', models.DateTimeField()),
            ],
        ),
    ]
