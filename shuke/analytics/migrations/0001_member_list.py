"""Indexes by which the member list is filtered and sorted; on other modules' tables, since only this list reads them."""

from django.db import migrations

INDEXES = {
    "list_name": "members_member (merchant_id, display_name, id)",
    "list_province": "members_member (merchant_id, province, id)",
    "list_relation": "members_member (merchant_id, relation_source, id) WHERE relation_source <> 'traded'",
    "list_last_order": "trade_figures (merchant_id, coalesce(last_order_at, '-infinity'::timestamptz), member_id)",
    "list_lifecycle":
        "trade_figures (merchant_id, lifecycle, coalesce(last_order_at, '-infinity'::timestamptz), member_id)",
    "list_amount": "trade_figures (merchant_id, paid_fen, member_id)",
    "list_orders": "trade_figures (merchant_id, order_count, member_id)",
    "list_average": "trade_figures (merchant_id, average_fen, member_id)",
    "list_points": "ledger_balance (merchant_id, asset, active, member_id)",
}


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('members', '0001_initial'),
        ('trade', '0001_initial'),
        ('ledger', '0001_initial'),
        ('loyalty', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {columns}", f"DROP INDEX {name}")
        for name, columns in INDEXES.items()
    ]
