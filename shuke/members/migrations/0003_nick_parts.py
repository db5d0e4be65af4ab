"""Parts of nicks without letters of two cases are compared as they are, which takes a quarter of the time."""

from importlib import import_module

from django.db import migrations

OLD = import_module("shuke.members.migrations.0001_initial").SEARCH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")

# LIKE where upper and lower case are the same, as in Chinese. Words of one or two characters have no trigram, so each nick
# is looked at; comparing without case makes a small copy of every one.
SEARCH = OLD.replace("value ILIKE $2", "value ' || CASE WHEN lower(part) = upper(part) THEN 'LIKE' ELSE 'ILIKE' END || ' $2")


class Migration(migrations.Migration):

    dependencies = [
        ("members", "0002_people"),
    ]

    operations = [
        migrations.RunSQL(SEARCH, OLD),
    ]
