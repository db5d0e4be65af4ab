"""Importing in the console: drop files, look, start, read the report, undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants_
from shuke.merchants import queries as merchants
from shuke.platforms.platform import platforms
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.actions.undoing import run_undo_to_end
from tests.make import Place
from tests.trade.exports import take, written

BROKEN = {
    "leer.csv": (b"", "文件是空的。"),
    "页面.csv": (b"<!DOCTYPE html><html><body>Error</body></html>", "这是网页"),
    "图.csv": (b"\x89PNG\r\n\x1a\n" + bytes(400), "这是 PNG 文件。请打开后另存为 XLSX 或 CSV，再上传。"),
}


def upload(browser: Client, place: Place, *files: SimpleUploadedFile, htmx: bool = False) -> str:
    """Send files as the page does; where it leads."""
    headers = {"HX-Request": "true"} if htmx else {}
    answer = browser.post(
        reverse("console:imports_upload"), {"shop": place.shop_id, "files": list(files)}, headers=headers
    )
    return str(answer.headers.get("HX-Redirect") or answer.headers.get("Location") or answer.content.decode())


def files_of(paths: list[Path]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]


def started(place: Place) -> list[int]:
    with tenant(place.merchant_id):
        return [row.id for row in queries.imports(place.merchant_id) if row.state == "waiting"]


def test_two_reports_from_dropping_to_the_customers(owner: Client, alice: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path, orders=60, buyers=20)
    preview = upload(owner, alice, *files_of([details, order_list]), htmx=True)
    assert preview.startswith("/console/imports/preview/?file=")
    page = owner.get(preview).content.decode()
    for words in ("淘宝", "订单报表", "宝贝报表", "CSV，文字编码 GB18030", "导入 2 份报表", "前几行（不含个人信息）"):
        assert words in page
    assert "以前导入过" not in page
    ready = page.split('name="file" value="')[1].split('"')[0]
    answer = owner.post(reverse("console:imports_start"), {"file": ready})
    assert answer.headers["Location"] == reverse("console:imports")
    first, second = ready.split(",")
    assert sorted(started(alice)) == sorted([int(first), int(second)])
    with tenant(alice.merchant_id):
        row = queries.import_row(alice.merchant_id, int(first))
        assert row is not None
        assert row.content == "orders"
    waiting = owner.get(reverse("console:import", args=[first])).content.decode()
    assert "马上开始，可以先离开这个页面。" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    for import_id in (int(first), int(second)):
        trade.run(alice.merchant_id, import_id)
    report = owner.get(reverse("console:import", args=[first])).content.decode()
    assert "共 60 行：新增 60，变更 0，没有变化 0。" in report
    assert "它带来的 60 行新数据会删掉。" in report
    assert "hx-trigger" not in report.split('id="import"')[1].split(">")[0]
    assert "tb1" in owner.get(reverse("console:members")).content.decode()


def test_the_preview_shows_nothing_personal(owner: Client, alice: Place, tmp_path: Path) -> None:
    order_list = written(tmp_path, orders=12, buyers=6)[0]
    text = order_list.read_bytes().decode("gb18030")
    page = owner.get(upload(owner, alice, *files_of([order_list]))).content.decode()
    names = [cells[3].strip('"=') for cells in (line.split(",") for line in text.splitlines()[1:4])]
    header = text.splitlines()[0].replace('"', "").split(",")
    place_of_phone, place_of_name = header.index("联系手机"), header.index("收货人姓名")
    for line in text.splitlines()[1:6]:
        cells = [cell.strip("\"='") for cell in line.split(",")]
        assert cells[0] in page
        assert cells[place_of_phone] not in page or not cells[place_of_phone]
        assert cells[place_of_name] not in page or len(cells[place_of_name]) < 2
    assert names


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_broken_file_gets_a_sentence_and_leaves_nothing(
    owner: Client, alice: Place, name: str, *, htmx: bool
) -> None:
    content, sentence = BROKEN[name]
    answer = owner.post(
        reverse("console:imports_upload"),
        {"shop": alice.shop_id, "files": [SimpleUploadedFile(name, content)]},
        headers={"HX-Request": "true"} if htmx else {},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert "没有导入任何内容，文件也没有保留。" in page
    assert ("<html" in page) is not htmx
    with tenant(alice.merchant_id):
        assert queries.imports(alice.merchant_id) == []
    assert kept_files(alice) == []


def test_good_files_go_on_beside_broken_ones(owner: Client, alice: Place, tmp_path: Path) -> None:
    order_list = written(tmp_path, orders=12, buyers=6)[0]
    broken = SimpleUploadedFile("页面.csv", BROKEN["页面.csv"][0])
    page = owner.get(upload(owner, alice, broken, *files_of([order_list]))).content.decode()
    assert "页面.csv：这是网页" in page
    assert "导入 1 份报表" in page
    with tenant(alice.merchant_id):
        assert [row.name for row in queries.imports(alice.merchant_id)] == [order_list.name]


def test_no_file_at_all(owner: Client, alice: Place) -> None:
    answer = owner.post(reverse("console:imports_upload"), {"shop": alice.shop_id})
    assert answer.status_code == 422
    assert "请至少选一个文件。" in answer.content.decode()


def test_the_same_file_again_is_pointed_out(owner: Client, alice: Place, tmp_path: Path) -> None:
    order_list = written(tmp_path, orders=12, buyers=6)[0]
    take(alice, order_list)
    page = owner.get(upload(owner, alice, *files_of([order_list]))).content.decode()
    assert "这份文件以前导入过。再导入一次也没关系" in page


def test_throwing_a_file_away(owner: Client, alice: Place, tmp_path: Path) -> None:
    upload(owner, alice, *files_of(written(tmp_path, orders=12, buyers=6)[:1]))
    with tenant(alice.merchant_id):
        import_id = queries.imports(alice.merchant_id)[0].id
    page = owner.post(reverse("console:import_discard", args=[import_id]), follow=True).content.decode()
    assert "文件已丢弃，没有导入任何内容。" in page
    with tenant(alice.merchant_id):
        assert queries.imports(alice.merchant_id) == []
    assert kept_files(alice) == []


def test_rejected_rows_are_told_and_can_be_downloaded(owner: Client, alice: Place, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    good = written(tmp_path, orders=12, buyers=6)[0].read_bytes().decode("gb18030").splitlines()
    cells = good[1].split(",")
    cells[good[0].replace('"', "").split(",").index("总金额")] = "很多"
    path.write_text(
        "\r\n".join([*good, ",".join(cells).replace(good[1].split(",")[0], '="99887766554433221"')]), encoding="gb18030"
    )
    import_id = take(alice, path)
    page = owner.get(reverse("console:import", args=[import_id])).content.decode()
    assert "未收 1。" in page
    assert "读不懂的行" in page
    assert "总金额" in page
    answer = owner.get(reverse("console:import_rejects", args=[import_id]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[0].startswith("行号,原因,订单编号")
    assert "99887766554433221" in text
    assert len(text.splitlines()) == 2
    with tenant(alice.merchant_id):
        lines = merchants.audit_lines(alice.merchant_id, act="import.rejects_downloaded")
    assert [(line.object_id, line.details) for line in lines] == [(import_id, {"rows": 1})]


def test_undoing(owner: Client, alice: Place, tmp_path: Path) -> None:
    import_id = take(alice, written(tmp_path, orders=12, buyers=6)[0])
    answer = owner.post(reverse("console:import_undo", args=[import_id]))
    assert answer.headers["Location"] == reverse("console:import", args=[import_id])
    assert "正在撤销" in owner.get(answer.headers["Location"]).content.decode()
    run_undo_to_end(alice.merchant_id, import_id)
    page = owner.get(reverse("console:import", args=[import_id])).content.decode()
    assert "已撤销，一切恢复原样。" in page
    assert "还没有客户" in owner.get(reverse("console:members")).content.decode()


def test_an_empty_history_explains_where_the_reports_are(owner: Client) -> None:
    page = owner.get(reverse("console:imports")).content.decode()
    for words in ("已卖出的宝贝", "批量导出", "生成报表", "下载订单报表", "下载宝贝报表"):
        assert words in page
    assert '<details class="where card mt-3" open>' in page


def test_each_of_her_platforms_says_where_its_reports_are(owner: Client, alice: Place) -> None:
    with tenant(alice.merchant_id):
        for name in platforms():
            merchants_.open_shop(alice.merchant_id, f"{name}店", name, by=alice.by)
    text = owner.get(reverse("console:imports")).content.decode()
    assert text.count("where-steps") == 1
    assert text.count("where-words") == len(platforms()) - 1
    for said in (
        "京麦“订单管理”里点“导出订单”。",
        "有赞后台",
        "拼多多商家后台",
        "抖店后台",
        "Shopify 后台",
        "WebToffee",
    ):
        assert said in text


def test_who_may_not_import_sees_and_changes_nothing(agent: Client, alice: Place, tmp_path: Path) -> None:
    import_id = take(alice, written(tmp_path, orders=12, buyers=6)[0])
    assert agent.get(reverse("console:imports")).status_code == 403
    assert agent.get(reverse("console:import_rejects", args=[import_id])).status_code == 403
    assert agent.post(reverse("console:import_undo", args=[import_id])).status_code == 403
    answer = agent.post(reverse("console:imports_upload"), {"files": files_of(written(tmp_path / "b", orders=12)[:1])})
    assert answer.status_code == 403
    with tenant(alice.merchant_id):
        assert [row.state for row in queries.imports(alice.merchant_id)] == ["done"]


@pytest.mark.parametrize("way", ["import", "import_rejects", "import_undo", "import_discard", "import_password"])
def test_charlies_import_is_not_there(owner: Client, charlie: Place, tmp_path: Path, way: str) -> None:
    import_id = take(charlie, written(tmp_path, orders=12, buyers=6)[0])
    path = reverse(f"console:{way}", args=[import_id])
    assert (owner.get(path) if way in {"import", "import_rejects"} else owner.post(path)).status_code == 404
    assert owner.post(reverse("console:imports_start"), {"file": str(import_id)}).status_code == 404
    with tenant(charlie.merchant_id):
        row = queries.import_row(charlie.merchant_id, import_id)
        assert row is not None
        assert row.state == "done"


def test_orders_of_charlies_shop_are_not_taken(owner: Client, charlie: Place, tmp_path: Path) -> None:
    path = written(tmp_path, orders=12, buyers=6)[0]
    answer = owner.post(reverse("console:imports_upload"), {"shop": charlie.shop_id, "files": files_of([path])})
    assert answer.status_code == 404
    with tenant(charlie.merchant_id):
        assert sql.scalar("SELECT count(*) FROM trade_import") == 0


def kept_files(place: Place) -> list[str]:
    """Names of sealed files that are still there."""
    from django.conf import settings

    folder = Path(settings.SHUKE_HOME) / "uploads" / str(place.merchant_id)
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []
