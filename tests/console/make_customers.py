"""Three customers with orders of known amounts, for pages that show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shuke.core import facts
from shuke.core.tenancy import tenant
from shuke.members import queries as members
from tests.conftest import NOW
from tests.make import Place
from tests.trade.exports import take

COLUMNS = (
    "订单编号", "买家会员名", "买家支付宝账号", "买家应付货款", "买家应付邮费", "总金额", "买家实际支付金额", "订单状态",
    "收货人姓名", "收货地址", "联系手机", "订单创建时间", "订单付款时间", "宝贝标题", "宝贝种类", "宝贝总数量",
)  # fmt: skip
ADDRESS = "浙江省 杭州市 西湖区 文三路 1 号"


def three(place: Place, folder: Path) -> dict[str, int]:
    """沈青 bought twice for ¥100.00 and ¥50.50, 苏叶 once for ¥30.00, 林溪 ordered for ¥20.00 and did not pay; ids by nick."""
    rows = [
        _row("88000000000000001", "沈青", "100.00", "沈青禾", "13800000001", 40, is_paid=True),
        _row("88000000000000002", "沈青", "50.50", "沈青禾", "13800000001", 5, is_paid=True),
        _row("88000000000000003", "苏叶", "30.00", "苏叶舟", "13800000002", 3, is_paid=True),
        _row("88000000000000004", "林溪", "20.00", "林溪月", "13800000003", 2, is_paid=False),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "orders.csv"
    path.write_text("\r\n".join([",".join(COLUMNS), *rows, ""]), encoding="gb18030")
    take(place, path)
    while facts.drain(place.merchant_id):
        pass
    with tenant(place.merchant_id):
        return {nick: members.search(place.merchant_id, nick)[0] for nick in ("沈青", "苏叶", "林溪")}


def _row(number: str, nick: str, yuan: str, name: str, phone: str, days_ago: int, *, is_paid: bool) -> str:
    at = (NOW.astimezone(UTC) - timedelta(days=days_ago) + timedelta(hours=8)).replace(tzinfo=None)
    cells = [
        f'="{number}"', nick, "", yuan, "0.00", yuan, yuan if is_paid else "0.00",
        "交易成功" if is_paid else "等待买家付款", name, ADDRESS, f"'{phone}", _clock(at), _clock(at) if is_paid else "",
        "明前龙井", "1", "1",
    ]  # fmt: skip
    return ",".join(cells)


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
