"""Fifteen strings of Vietnamese files, by number, each as bytes of a file through to its value.

What a register or a specification does with 9 to 11 and 13 to 15 in more detail is proven by
`test_vietnamese_text`, `test_parcel_files` and `tests/registry/places`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.formats import AS_IT_IS, Options
from datasets.sources import read_file
from datasets.specs import SPECS, Entry
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.text import fold, match_key
from registry.parcels.keys import serial_key
from tests.datasets.files import codes
from tests.datasets.rows import CITIZEN

HEADER = b"personal_id,full_name,birth_date,sex\n"
HOA = ("Nguyễn Thị Hòa", "nguyễn thị hòa", "nguyen thi hoa")


def _entry(path: Path, name: bytes, options: Options = AS_IT_IS, id_: str = "") -> Entry:
    row = [(id_ or CITIZEN["personal_id"]).encode(), name, b"17/05/1990", b"2"]
    path.write_bytes(HEADER + b",".join(b'"%s"' % cell for cell in row) + b"\n")
    spec = SPECS["citizens"]
    [entry] = spec.read(read_file(path, [c.name for c in spec.columns], (), options))
    return entry


def _forms(path: Path, name: bytes, options: Options = AS_IT_IS) -> tuple[str, str, str]:
    entry = _entry(path, name, options)
    assert entry.change, entry.findings
    shown = entry.change.document["name"]["full"]
    return shown, match_key(shown), fold(shown)


@pytest.mark.parametrize(
    ("number", "name", "forms"),
    [
        (1, b"Nguye\xcc\x82\xcc\x83n Thi\xcc\xa3 Ho\xcc\x80a", HOA),
        (2, "NGUYỄN THỊ HOÀ".encode(), ("NGUYỄN THỊ HOÀ", *HOA[1:])),
        (3, "\u00d0ặng  Văn\u00a0Bé".encode(), ("Đặng Văn Bé", "đặng văn bé", "dang van be")),
        (8, "Nguyá»…n Thá»‹ HÃ²a".encode(), HOA),
        (9, "H’Hen Niê".encode(), ("H'Hen Niê", "h'hen niê", "hhen nie")),
        (10, "Lê Thị Thuý".encode(), ("Lê Thị Thuý", match_key("Lê Thị Thúy"), "le thi thuy")),
    ],
)
def test_a_name_in_unicode_comes_out_right(
    tmp_path: Path, number: int, name: bytes, forms: tuple[str, str, str]
) -> None:
    assert _forms(tmp_path / str(number), name) == forms


@pytest.mark.parametrize(
    ("number", "encoding", "name", "shown"),
    [
        (5, "tcvn3", b"Nguy\xd4n Th\xde Ho\xb5", "Nguyễn Thị Hoà"),
        (6, "vni", "Nguyeãn Thò Hoaø".encode("cp1252"), "Nguyễn Thị Hoà"),
        (7, "cp1258", b"Nguy\xea\xden Thi\xf2 H\xf4\xccng", "Nguyễn Thị Hồng"),
    ],
)
def test_a_name_in_an_old_encoding_is_asked_and_comes_out_right(
    tmp_path: Path, number: int, encoding: str, name: bytes, shown: str
) -> None:
    path = tmp_path / str(number)
    assert _forms(path, name, Options(encoding=encoding))[0] == shown
    assert codes(path, columns=HEADER.decode().strip().split(",")) == ["encoding_unknown"]


def test_4_a_hidden_character_is_for_a_person_to_decide(tmp_path: Path) -> None:
    entry = _entry(tmp_path / "4", "Trần\u200bVăn An".encode())
    assert [finding.rule for finding in entry.findings] == ["hidden_character"]


def test_5_capitals_of_a_font_arrive_small_and_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "5"
    path.write_bytes(HEADER + b"1,nguy\xd4n th\xde ho\xb5,,\n2,Nguy\xd4n Th\xde Ho\xb5,,\n")
    rows = list(read_file(path, HEADER.decode().strip().split(","), (), Options(encoding="tcvn3")))
    assert [row.notes for row in rows] == [(("lower_case_text", "full_name"),), ()]


def test_8_what_was_repaired_is_noted_in_its_row(tmp_path: Path) -> None:
    path = tmp_path / "8"
    path.write_bytes(HEADER + "1,Nguyá»…n Thá»‹ HÃ²a,,\n".encode())
    [row] = read_file(path, HEADER.decode().strip().split(","), (), AS_IT_IS)
    assert row.notes == (("repaired_text", "full_name"),)


def test_11_eth_is_a_slip_and_d_is_another_certificate() -> None:
    assert serial_key("AĐ 266864") == serial_key("AÐ 266864") != serial_key("AD 266864")


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("900190000001\n", []),
        ("79988000001", ["personal_id_shape"]),
        ("7.9988E+10", ["personal_id_shape"]),
    ],
)
def test_12_a_damaged_id_is_never_mended_by_a_guess(
    tmp_path: Path, written: str, rules: list[str]
) -> None:
    entry = _entry(tmp_path / "12", b"Lan", id_=written)
    assert [f.rule for f in entry.findings if f.column == "personal_id"] == rules


def test_13_dates_are_as_precise_as_written_or_no_dates() -> None:
    assert PartialDate.from_text("1989").precision == "year"
    for written, code in (("12/25/1985", "us_order"), ("30/02/1990", "no_such_day")):
        with pytest.raises(DateError) as refused:
            PartialDate.from_text(written)
        assert refused.value.code == code
