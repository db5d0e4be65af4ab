"""Statistics of tables that have grown fourfold since PostgreSQL last looked at them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0003_installation")]

    operations = [
        migrations.RunSQL(
            sql=[
                """
                CREATE FUNCTION core_refresh_grown_statistics() RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = public, pg_temp SET default_statistics_target = 10 AS $$
                DECLARE name text;
                BEGIN
                    FOR name IN
                        SELECT relname FROM pg_class
                        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                          AND pg_relation_size(oid) > 4 * greatest(relpages, 8) * current_setting('block_size')::bigint
                    LOOP
                        EXECUTE format('ANALYZE (SKIP_LOCKED) %I', name);
                    END LOOP;
                END $$
                """,
                "REVOKE ALL ON FUNCTION core_refresh_grown_statistics FROM public",
                "GRANT EXECUTE ON FUNCTION core_refresh_grown_statistics TO shuke_app",
            ],
            reverse_sql=["DROP FUNCTION core_refresh_grown_statistics"],
        )
    ]
