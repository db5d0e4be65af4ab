"""Statistics of tables that have grown fourfold since PostgreSQL last looked at them, or that know nothing of a merchant."""

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
                DECLARE
                    one record;
                    merchant bigint := nullif(current_setting('shuke.merchant_id', true), '')::bigint;
                    plan json;
                    expected bigint;
                    found bigint;
                BEGIN
                    FOR one IN
                        SELECT c.relname AS name, a.attname IS NOT NULL AS is_of_merchants,
                            pg_relation_size(c.oid) > 4 * greatest(c.relpages, 8) * current_setting('block_size')::bigint AS is_due
                        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id'
                        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                    LOOP
                        IF one.is_of_merchants AND merchant IS NOT NULL AND NOT one.is_due THEN
                            EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %I WHERE merchant_id = %s', one.name, merchant)
                                INTO plan;
                            expected := plan->0->'Plan'->>'Plan Rows';
                            IF expected < 20 THEN
                                EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE merchant_id = %s LIMIT 200) x',
                                    one.name, merchant) INTO found;
                                one.is_due := found >= 10 * expected;
                            END IF;
                        END IF;
                        IF one.is_due THEN
                            EXECUTE format('ANALYZE (SKIP_LOCKED) %I', one.name);
                        END IF;
                    END LOOP;
                END $$
                """,
                "REVOKE ALL ON FUNCTION core_refresh_grown_statistics FROM public",
                "GRANT EXECUTE ON FUNCTION core_refresh_grown_statistics TO shuke_app",
            ],
            reverse_sql=["DROP FUNCTION core_refresh_grown_statistics"],
        )
    ]
