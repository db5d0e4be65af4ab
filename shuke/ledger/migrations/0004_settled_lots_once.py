from django.db import migrations, models


class Migration(migrations.Migration):
    """Posted lots have no part and were never bound by it: an entry less for each, and nobody is looked for by it."""

    dependencies = [("ledger", "0003_homes")]

    operations = [
        migrations.RemoveConstraint(model_name="lot", name="lot_once"),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("part__isnull", False)),
                fields=("merchant_id", "asset", "source", "part"),
                name="lot_once",
            ),
        ),
    ]
