"""Lets the application, which owns no table, have PostgreSQL look at the tables it has just filled."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=[
                """
                CREATE FUNCTION core_refresh_statistics(names text[]) RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
                DECLARE name text;
                BEGIN
                    FOREACH name IN ARRAY names LOOP
                        EXECUTE format('ANALYZE (SKIP_LOCKED) %I', name);
                    END LOOP;
                END $$
                """,
                "REVOKE ALL ON FUNCTION core_refresh_statistics FROM public",
                "GRANT EXECUTE ON FUNCTION core_refresh_statistics TO shuke_app",
            ],
            reverse_sql=["DROP FUNCTION core_refresh_statistics"],
        )
    ]
