"""Whose an order was first, and how often somebody tried to claim one."""

from django.db import migrations, models

from shuke.core.tenancy import walls


class Migration(migrations.Migration):

    dependencies = [
        ('trade', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClaimTry',
            fields=[
                ('pk', models.CompositePrimaryKey('merchant_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.BigIntegerField()),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('shuke_ids'), function='nextval'))),
                ('bucket', models.BinaryField()),
                ('starts_at', models.DateTimeField()),
                ('count', models.IntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='order',
            name='origin_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('origin_id__isnull', False)), fields=['merchant_id', 'origin_id'], name='order_origin'),
        ),
        migrations.AddConstraint(
            model_name='claimtry',
            constraint=models.UniqueConstraint(fields=('merchant_id', 'bucket', 'starts_at'), name='claim_try_once'),
        ),
        walls("trade_claimtry"),
    ]
