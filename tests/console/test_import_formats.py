"""Files of other systems in the console: say which column is what, try it, keep it, and never be asked again."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.trade import actions as trade
from shuke.trade import queries
from tests.console.conftest import browser
from tests.console.test_imports import started, upload
from tests.make import Place

HEADER = "单号,下单日期,交易状态,会员手机,会员姓名,货品名称,数量,小计"
ROWS = (
    "A001,2026-11-01 10:00,已完成,13900001111,李小雨,龙井绿茶,2,100.00",
    "A001,2026-11-01 10:00,已完成,13900001111,李小雨,茶盘,1,20.00",
    "A002,2026-11-02 10:00,客户自提,13700002222,王小美,龙井绿茶,1,50.00",
    "A003,昨天,已完成,13700002222,王小美,龙井绿茶,1,50.00",
)


def file(*rows: str, header: str = HEADER) -> SimpleUploadedFile:
    return SimpleUploadedFile("门店.csv", "\n".join([header, *rows]).encode())


def filled(**more: str) -> dict[str, str]:
    """What the form posts when the guess is taken as it is and 客户自提 is finished."""
    return {
        "label": "门店系统", "content": "sales", "dates": "ymd", "unit": "yuan", "order_no": "单号", "placed_at": "下单日期",
        "state": "交易状态", "own_phone": "会员手机", "name": "会员姓名", "title": "货品名称", "quantity": "数量", "due": "小计",
        "states": "0", "states.0.word": "已完成", "states.0.state": "finished",
    } | more  # fmt: skip


def with_both_words() -> dict[str, object]:
    return {**filled(), "states": ["0", "1"], "states.1.word": "客户自提", "states.1.state": "finished"}


def test_from_an_unknown_file_to_orders_and_not_asked_again(owner: Client, alice: Place) -> None:
    page = upload(owner, alice, file(*ROWS))
    assert page.endswith("/mapping/")
    shown = owner.get(page).content.decode()
    assert '<option value="单号" selected' in shown
    assert "139****1111" in shown
    assert "13900001111" not in shown
    assert "熟客不认识这些词：客户自提" in shown
    tried = owner.post(page, {**with_both_words(), "try": "1"}).content.decode()
    assert "龙井绿茶" in tried
    assert "不是时间" in tried
    answer = owner.post(page, with_both_words())
    assert answer.headers["Location"].startswith(reverse("console:imports_preview"))
    preview = owner.get(answer.headers["Location"]).content.decode()
    assert "自定义格式“门店系统”" in preview
    import_id = int(page.split("/")[-3])
    owner.post(reverse("console:imports_start"), {"file": str(import_id)})
    assert started(alice) == [import_id]
    trade.run(alice.merchant_id, import_id)
    with tenant(alice.merchant_id):
        row = queries.import_row(alice.merchant_id, import_id)
        assert row is not None
        assert (row.row_count, row.new_count, row.rejected_count) == (4, 3, 1)
        assert sql.rows("SELECT order_no, state, total_fen, paid_fen FROM trade_order ORDER BY order_no") == [
            ("A001", "finished", 12000, 12000),
            ("A002", "finished", 5000, 5000),
        ]
        assert sql.scalar("SELECT count(*) FROM trade_line WHERE NOT is_vanished") == 3
        assert sql.scalar("SELECT count(*) FROM members_member") == 2
    names = HEADER.split(",")
    turned = ",".join(reversed(names))
    again = upload(owner, alice, file(",".join(reversed(ROWS[0].split(","))), header=turned))
    assert again.startswith(reverse("console:imports_preview"))
    correct = reverse("console:import_mapping", args=[int(again.rpartition("=")[2])])
    assert f'href="{correct}"' in owner.get(again).content.decode()
    assert '<option value="小计" selected' in owner.get(correct).content.decode()


def test_what_is_missing_is_said_and_nothing_is_kept(owner: Client, alice: Place) -> None:
    page = upload(owner, alice, file(*ROWS))
    answer = owner.post(page, filled(order_no=""))
    assert answer.status_code == 422
    assert "请选择订单号所在的列" in answer.content.decode()
    with tenant(alice.merchant_id):
        assert queries.own_formats(alice.merchant_id) == []


def test_formats_are_seen_renamed_and_forgotten(owner: Client, alice: Place, charlie: Place) -> None:
    charlies = browser("charlie")
    page = upload(owner, alice, file(*ROWS))
    owner.post(page, with_both_words())
    with tenant(alice.merchant_id):
        [kept] = queries.own_formats(alice.merchant_id)
    assert "门店系统" in owner.get(reverse("console:import_formats")).content.decode()
    assert "门店系统" not in charlies.get(reverse("console:import_formats")).content.decode()
    owner.post(reverse("console:import_format_rename", args=[kept.id]), {"name": "ERP"})
    assert charlies.post(reverse("console:import_format_delete", args=[kept.id])).status_code == 404
    with tenant(alice.merchant_id):
        assert [one.name for one in queries.own_formats(alice.merchant_id)] == ["ERP"]
    owner.post(reverse("console:import_format_delete", args=[kept.id]))
    with tenant(alice.merchant_id):
        assert queries.own_formats(alice.merchant_id) == []
