"""Normal forms and masks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.members import rules

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13812341234", "13812341234"), (" 138 1234 1234 ", "13812341234"), ("138-1234-1234", "13812341234"),
        ("+8613812341234", "13812341234"), ("86-13812341234", "13812341234"), ("008613812341234", "13812341234"),
        ("１３８１２３４１２３４", "13812341234"), ("'13812341234", "13812341234"),
        ("18400913965-7576", "18400913965-7576"), ("0571-88888888", "057188888888"),
        ("+1 (415) 555-0100", "+14155550100"), ("0044 20 7946 0958", "+442079460958"), ("", ""), ("无", ""),
    ],
)  # fmt: skip
def test_phones_have_one_form(written: str, normal: str) -> None:
    assert rules.normal_phone(written) == normal


@given(mobiles, st.sampled_from(["{}", "+86{}", "+86 {}", "0086{}", "86{}", " {}\t", "'{}"]))
def test_however_a_mobile_number_is_written(number: str, pattern: str) -> None:
    assert rules.normal_phone(pattern.format(number)) == number


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    for field in ("name", "phone", "email", "address"):
        once = rules.normal(field, text)
        assert rules.normal(field, once) == once


@pytest.mark.parametrize(
    ("field", "value", "mask"),
    [
        ("name", "王小美", "王**"), ("name", "王五", "王**"), ("name", "王", "**"), ("name", "欧阳修", "欧**"),
        ("phone", "13812341234", "138****1234"), ("phone", "18400913965-7576", "184****3965-****"),
        ("phone", "88886666", "****66"), ("phone", "120", "****"), ("phone", "0571-88886666", "057****6666"),
        ("address", "浙江省杭州市西湖区文三路90号", "浙江省杭州市***"), ("address", "上海上海市浦东新区1号", "上海上海市***"),
        ("address", "浙江省 杭州市 西湖区", "浙江省杭州市***"), ("address", "12 Main Street", "***"),
        ("address", "新疆维吾尔自治区乌鲁木齐市天山区", "新疆维吾尔自治区乌鲁木齐市***"),
        ("birthday", "1988-05-01", "****-05-01"), ("email", "xiaomei@163.com", "x***@163.com"),
        ("email", "x@163.com", "***@163.com"), ("alipay", "13812341234", "138****1234"),
        ("alipay", "a@b.cn", "***@b.cn"), ("alipay", "小美", "小**"), ("name", "王**", "王**"), ("phone", "", ""),
    ],
)  # fmt: skip
def test_masks(field: str, value: str, mask: str) -> None:
    assert rules.mask(field, value) == mask


@given(st.sampled_from(sorted(rules.FIELDS)), st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_a_mask_never_tells_the_whole_value(field: str, value: str) -> None:
    mask = rules.mask(field, value)
    assert "*" in mask
    assert rules.mask(field, mask) == mask
    if "*" not in value and field != "address":
        assert value.strip() not in mask


@given(mobiles)
def test_a_masked_phone_hides_four_digits(number: str) -> None:
    assert rules.mask_phone(number) == f"{number[:3]}****{number[7:]}"


@given(st.text(), mobiles, st.text())
def test_a_word_with_a_mobile_number_in_it_is_masked(before: str, number: str, after: str) -> None:
    text = f"{before} {number} {after}"
    assert rules.is_personal_word(text)
    assert number not in rules.mask_word(text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "165.0", "165"), ("number", "1e3", "1000"), ("number", "nan", None), ("number", "1e99", None),
        ("number", "x", None), ("date", "2020-02-29", "2020-02-29"), ("date", "2021-02-29", None), ("date", "昨天", None),
        ("choice", "油性", "油性"), ("choice", "中性", None), ("text", "  很好 ", "很好"), ("text", "x" * 501, None),
    ],
)  # fmt: skip
def test_attribute_values(kind: str, text: str, value: str | None) -> None:
    assert rules.attribute_value(kind, ["干性", "油性"], text) == value


@pytest.mark.parametrize(
    ("nick", "name", "shown"),
    [
        ("小美", "王小美", "小美"), ("t**1", "王小美", "王**"), ("", "王小美", "王**"), ("t**1", "", "t**1"),
        ("", "王**", "王**"), ("13812341234", "", "138****1234"), ("a1@163.com", "", "a***@163.com"), ("", "", ""),
    ],
)  # fmt: skip
def test_what_lists_call_a_member(nick: str, name: str, shown: str) -> None:
    assert rules.display_name(nick, name) == shown


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [(["王小美"], ["王小美"], rules.SAME), (["王小美"], ["王小 美"], rules.SAME), (["王小美"], ["王建国"], rules.DIFFERENT),
     (["王小美"], ["王**"], rules.ALIKE), (["王小美"], ["王*美"], rules.SAME), (["王小美"], ["*小美"], rules.SAME),
     (["王小美"], ["李**"], rules.DIFFERENT), (["王*"], ["王**"], rules.ALIKE), (["王*美"], ["王*国"], rules.DIFFERENT),
     (["王小*"], ["王*"], rules.ALIKE), (["王小美"], ["**"], rules.UNKNOWN), (["王小美"], [], rules.UNKNOWN), ([], [], rules.UNKNOWN),
     (["王"], ["王*美"], rules.DIFFERENT), (["王建国", "王小美"], ["李四", "王小美"], rules.SAME),
     (["王小美"], ["李四", "王**"], rules.ALIKE)],
)  # fmt: skip
def test_names_agree_by_what_shows(first: list[str], second: list[str], said: str) -> None:
    assert rules.names_agree(first, second) == rules.names_agree(second, first) == said
