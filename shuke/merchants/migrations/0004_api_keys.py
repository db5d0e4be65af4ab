"""API keys of programs, and what programs were answered."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0003_ways_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiAnswer',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('key_id', models.BigIntegerField()),
                ('idempotency_key', models.TextField()),
                ('route', models.TextField()),
                ('content_hash', models.BinaryField()),
                ('status', models.SmallIntegerField(default=0)),
                ('body_sealed', models.BinaryField(null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['merchant_id', 'at'], name='api_answer_time')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'key_id', 'idempotency_key'), name='api_answer_once')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('name', models.CharField(max_length=60)),
                ('mark', models.CharField(max_length=8)),
                ('digest', models.BinaryField()),
                ('scopes', models.JSONField(default=list)),
                ('networks', models.JSONField(default=list)),
                ('shop_id', models.BigIntegerField(null=True)),
                ('per_minute', models.IntegerField()),
                ('calls_left', models.FloatField()),
                ('calls_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.TextField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'mark'), name='api_key_once')],
            },
        ),
        walls("merchants_apikey"),
        walls("merchants_apianswer"),
    ]
