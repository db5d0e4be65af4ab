"""The exam that every kind of platform passes; a new one brings an example of each of its contents."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.core.tables import Row
from shuke.platforms.platform import (
    DOUBTS,
    MARK_BYTES,
    STATES,
    CustomerRecord,
    Layout,
    LineRecord,
    OrderRecord,
    RefundRecord,
    SaleRecord,
    platforms,
    recognise,
)
from tests.platforms import platform_files
from tests.platforms.export_rows import LINE, ORDER, SHANGHAI, numbered

REFUND = {"退款编号": "5001", "订单编号": "94932594309008653", "买家退款金额": "30.00", "退款状态": "退款成功"}
EXAMPLES: dict[str, list[dict[str, str]]] = {"taobao": [ORDER, LINE, REFUND], **platform_files.EXAMPLES}
EVERY = [(name, place) for name, rows in EXAMPLES.items() for place in range(len(rows))]
KINDS: dict[str, type[Any]] = {
    "orders": OrderRecord,
    "lines": LineRecord,
    "refunds": RefundRecord,
    "sales": SaleRecord,
    "customers": CustomerRecord,
}
CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "null", "1", "0.00", "-1", "9.4E+16", "***", "\n", "'", '="', "2017-05-30 23:18:03", "９"]),
)


def layout_of(platform: str, header: list[str]) -> Layout:
    layout = platforms()[platform].recognise(header)
    assert layout is not None
    return layout


def test_every_platform_sits_the_exam() -> None:
    assert set(EXAMPLES) == set(platforms())
    assert all(str(kind.label) for kind in platforms().values())
    assert [kind.name for kind in platforms().values()] == list(platforms())


@pytest.mark.parametrize(("platform", "place"), EVERY)
def test_an_example_is_read(platform: str, place: int) -> None:
    row = EXAMPLES[platform][place]
    layout = layout_of(platform, list(row))
    for found in (recognise(list(row)), recognise(list(row), platform=platform)):
        assert found is not None
        assert (found.platform, found.name) == (platform, layout.name)
    parsed = layout.read(numbered([list(row.values())]), SHANGHAI)
    assert parsed.rejects == []
    assert isinstance(parsed.records[0], KINDS[layout.content])
    assert layout.platform == platform
    assert layout.columns_unknown == ()
    assert set(layout.columns_used) <= set(row)
    assert str(layout.label)


@pytest.mark.parametrize(("platform", "place"), EVERY)
def test_the_order_of_columns_does_not_matter(platform: str, place: int) -> None:
    row = EXAMPLES[platform][place]
    names = list(row)
    random.Random(place).shuffle(names)
    plain = layout_of(platform, list(row)).read(numbered([list(row.values())]), SHANGHAI).records[0]
    mixed = layout_of(platform, names).read(numbered([[row[name] for name in names]]), SHANGHAI).records[0]
    assert unhashed(mixed) == unhashed(plain)


@pytest.mark.parametrize(("platform", "place"), EVERY)
def test_names_are_known_whatever_blanks_and_width_they_have(platform: str, place: int) -> None:
    row = EXAMPLES[platform][place]
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    layout = layout_of(platform, [f" {name[:1]} {name[1:]}\t".translate(wide) for name in row])
    assert layout.columns_unknown == ()
    assert len(layout.columns_used) == len(layout_of(platform, list(row)).columns_used)


@pytest.mark.parametrize(("platform", "place"), EVERY)
def test_a_new_column_is_reported(platform: str, place: int) -> None:
    row = EXAMPLES[platform][place]
    assert layout_of(platform, [*row, "没见过的列"]).columns_unknown == ("没见过的列",)


@pytest.mark.parametrize("platform", sorted(EXAMPLES))
def test_strange_headers_are_not_claimed(platform: str) -> None:
    kind = platforms()[platform]
    for header in ([], [""], ["姓名", "电话"], ["a", "b", "c"], ["日期", "访客数", "支付金额"]):
        assert kind.recognise(header) is None
    for other, rows in EXAMPLES.items():
        if other != platform:
            assert all(kind.recognise(list(row)) is None for row in rows)


@pytest.mark.parametrize(("platform", "place"), EVERY)
@settings(max_examples=60)
@given(content=st.data())
def test_whatever_cells_hold_a_row_is_a_record_or_a_reject(platform: str, place: int, content: st.DataObject) -> None:
    row = EXAMPLES[platform][place]
    names = list(row)
    rows = []
    for _ in range(content.draw(st.integers(1, 4))):
        changes = content.draw(st.dictionaries(st.sampled_from(names), CELLS, max_size=5))
        rows.append([(row | changes)[name] for name in names])
    rows.insert(content.draw(st.integers(0, len(rows))), list(row.values()))
    given_rows = [*numbered(rows), Row(99, [], "?", "too_short")]
    parsed = layout_of(platform, names).read(given_rows, SHANGHAI)
    told = [number for record in parsed.records for number in numbers_of(record)] + [
        reject.row_number for reject in parsed.rejects
    ]
    assert sorted(told) == sorted(one.number for one in given_rows)
    firsts = [numbers_of(record)[0] for record in parsed.records]
    assert firsts == sorted(firsts)
    assert all(reject.text and reject.code for reject in parsed.rejects)
    for record in parsed.records:
        check_record(record)


def numbers_of(record: Any) -> tuple[int, ...]:
    """The rows that a record was made of."""
    return record.row_numbers if isinstance(record, SaleRecord) else (record.row_number,)


def unhashed(record: Any) -> Any:
    """A record without its hashes, which follow the order of the cells."""
    if isinstance(record, SaleRecord):
        return unhashed(record.order), [unhashed(line) for line in record.lines], record.row_numbers
    return record._replace(row_hash=b"")


def hash_of(record: Any) -> bytes:
    """The hash of the rows that a record was made of."""
    return record.order.row_hash if isinstance(record, SaleRecord) else record.row_hash


def check_record(record: Any) -> None:
    """What holds of every record of every platform."""
    if isinstance(record, SaleRecord):
        for one in (record.order, *record.lines):
            check_record(one)
        assert {line.order_no for line in record.lines} <= {record.order.order_no}
        return
    for field, value in record._asdict().items():
        if field.endswith("_at") and value is not None:
            assert value.utcoffset() == timedelta(0)
            assert 2002 <= value.year <= 2100
        if field.endswith(("_fen", "_count")) and value is not None:
            assert isinstance(value, int)
            assert value >= 0
    assert len(record.row_hash) == 8 + MARK_BYTES
    assert set(record.doubts) <= set(DOUBTS)
    if isinstance(record, CustomerRecord):
        assert record.phone or record.email or record.nick or record.open_uid
        assert not any("*" in text for text in (record.nick, record.phone, record.email, record.name))
        return
    assert re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z#._/-]*", record.order_no)
    if isinstance(record, LineRecord):
        assert 1 <= record.quantity <= 1_000_000
    if isinstance(record, OrderRecord):
        assert record.state in STATES
        clear = (record.nick, record.name, record.phone, record.own_phone, record.email, record.address, record.alipay)
        assert not any("*" in text or "##" in text for text in clear)
        assert not (record.phone and not record.phone.isdecimal())


@pytest.mark.parametrize(("platform", "place"), EVERY)
def test_the_hash_follows_the_cells(platform: str, place: int) -> None:
    row = list(EXAMPLES[platform][place].values())
    layout = layout_of(platform, list(EXAMPLES[platform][place]))
    once, again, changed = (
        hash_of(layout.read(numbered([cells]), SHANGHAI).records[0]) for cells in (row, row, [row[0] + " ", *row[1:]])
    )
    assert once == again != changed
