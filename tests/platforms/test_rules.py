"""What single cells mean, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.platforms import rules

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="1234567"', "1234567"),
        ('"=""1234567"""', "1234567"),
        ('=""', ""),
        ("'13900000004", "13900000004"),
        (" \t收货 \u3000", "收货"),
        ("null", ""),
        ("NULL", ""),
        ("—", ""),
        ("=1+1", "=1+1"),
        ("空", "空"),
    ],
)
def test_clean(cell: str, text: str) -> None:
    assert rules.clean(cell) == text


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ('="94932594309008653"', "94932594309008653"),
        ("94932594309008653 ", "94932594309008653"),
        ("'94932594309008653", "94932594309008653"),
        ("９４９３２５", "949325"),
        ("123456.0", "123456"),
        ("9.49326E+16", None),
        ("9.49326e16", None),
        ("94932594309008600.0", None),
    ],
)
def test_identifier(cell: str, number: str | None) -> None:
    assert rules.identifier(cell) == number


@pytest.mark.parametrize("cell", ["", "abc", "12-34", "123.45", "１２a"])
def test_what_is_no_identifier(cell: str) -> None:
    with pytest.raises(ValueError):
        rules.identifier(cell)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("201.12", 20112),
        ("0元", 0),
        ("12.90元", 1290),
        ("1,234.50", 123450),
        ("￥1,234,567.8", 123456780),
        ("１２．３４", 1234),
        ("499.00（系统计算中，该值仅供参考）", 49900),
        ("7.00000", 700),
        ("-3.5", -350),
        ("5.", 500),
        ("", None),
        ("null", None),
        ('="8.00"', 800),
    ],
)
def test_money(cell: str, fen: int | None) -> None:
    assert rules.money(cell) == fen


@pytest.mark.parametrize("cell", ["abc", "1,23.4", "1.2.3", "--", "1e5", "12元3", "9" * 13, "5\n19.00", "8. 00"])
def test_what_is_no_amount(cell: str) -> None:
    if rules.clean(cell):
        with pytest.raises(ValueError):
            rules.money(cell)


def test_more_than_two_decimals_are_no_amount() -> None:
    with pytest.raises(ArithmeticError):
        rules.money("1.005")


@given(st.integers(0, 10**13))
def test_money_comes_back(fen: int) -> None:
    assert rules.money(f"{fen // 100}.{fen % 100:02d}") == fen
    assert rules.money(f"{fen // 100:,}.{fen % 100:02d}元") == fen


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2017-05-30 23:18:03", datetime(2017, 5, 30, 15, 18, 3, tzinfo=UTC)),
        ("2017/5/30 23:18", datetime(2017, 5, 30, 15, 18, tzinfo=UTC)),
        ("2017/5/3 3:08:09", datetime(2017, 5, 2, 19, 8, 9, tzinfo=UTC)),
        ("2017-05-30", datetime(2017, 5, 29, 16, tzinfo=UTC)),
        ("2017年5月30日23时18分", datetime(2017, 5, 30, 15, 18, tzinfo=UTC)),
        ("'2017-05-30T23:18:03.123", datetime(2017, 5, 30, 15, 18, 3, tzinfo=UTC)),
        ("", None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_instant(cell: str, moment: datetime | None) -> None:
    assert rules.instant(cell, SHANGHAI) == moment


def test_what_is_no_time() -> None:
    for cell in ("昨天", "2017-13-01 00:00:00", "2017-02-30", "42885.97", "2017-05-30 25:00:00",
                 "2017-05-3023:18:03", "2017-05-303:18:03", "2017-05-30 23:18:", "2017-05-30 2\ufffd:18:03"):  # fmt: skip
        with pytest.raises(ValueError):
            rules.instant(cell, SHANGHAI)
    for cell in ("2002-12-31 23:59:59", "2101-01-01 00:00:00", "1970-01-01 08:00:00"):
        with pytest.raises(ArithmeticError):
            rules.instant(cell, SHANGHAI)
    assert rules.instant("2003-01-01 00:00:00", SHANGHAI) == datetime(2002, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("'13900000004", "8613900000004"),
        ("86-13900000004", "8613900000004"),
        ("+86 13900000004", "8613900000004"),
        ("0571-88886666", "8657188886666"),
        ("(021)8888666", "86218888666"),
        ("0571-88886666-801", "8657188886666"),
        ("+852 6123 4567", "85261234567"),
        ("", ""),
        ("12345", None),
        ("打电话", None),
    ],
)
def test_phone(text: str, digits: str | None) -> None:
    assert rules.phone(text) == digits


def test_lent_and_hidden_numbers_are_known() -> None:
    assert rules.is_virtual_phone("18400913965-7576")
    assert rules.is_virtual_phone("95013123456789")
    assert not rules.is_virtual_phone("13900000004")
    assert rules.is_masked("138****1234")
    assert rules.is_masked("##3x8fjw9s==##")
    assert not rules.is_masked("甄样样")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("广东省 广州市 越秀区 文化路1号(510620)", ("广东省", "广州市", "越秀区", "文化路1号", "510620")),
        ("广东省 东莞市  长安镇1号(000000)", ("广东省", "东莞市", "", "长安镇1号", "")),
        ("上海 上海市 浦东新区 路(东) 1号", ("上海", "上海市", "浦东新区", "路(东) 1号", "")),
        ("浙江省杭州市西湖区文三路1号", ("浙江省", "杭州市", "西湖区", "文三路1号", "")),
        ("浙江省杭州市********", ("浙江省", "杭州市", "", "********", "")),
        ("某处", ("", "", "", "某处", "")),
        ("", ("", "", "", "", "")),
    ],
)
def test_address(text: str, parts: tuple[str, ...]) -> None:
    assert rules.address(text) == parts


def test_composite() -> None:
    found = rules.composite("甄样样，86-13900000004，江苏省 扬州市 广陵区 样例路1号 ，")
    assert found == ("甄样样", "86-13900000004", "江苏省 扬州市 广陵区 样例路1号")
    assert rules.composite("江苏省 扬州市 广陵区 样例路1号") is None
