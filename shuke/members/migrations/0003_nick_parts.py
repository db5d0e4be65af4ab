"""Parts of nicks without letters of two cases are compared as they are, which takes a quarter of the time."""

from django.db import migrations

# As in 0001, but for LIKE where upper and lower case are the same, as in Chinese. Words of one or two characters have no
# trigram, so each nick is looked at; comparing without case makes a small copy of every one.
SEARCH = r"""
CREATE OR REPLACE FUNCTION members_by_nick(part text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    merchant bigint := nullif(current_setting('shuke.merchant_id', true), '')::bigint;
    pattern text := '%' || replace(replace(replace(part, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    likeness text := CASE WHEN lower(part) = upper(part) THEN 'LIKE' ELSE 'ILIKE' END;
BEGIN
    IF merchant IS NULL OR part = '' THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT DISTINCT member_id FROM (SELECT member_id FROM members_identity WHERE merchant_id = $1'
        ' AND kind = ''nick'' AND value ' || likeness || ' $2 LIMIT $3) AS found'
        USING merchant, pattern, most;
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("members", "0002_people"),
    ]

    operations = [
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
    ]
