"""Old encodings are told by a person, never guessed; what is certain is repaired and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.formats import AS_IT_IS, Options
from datasets.formats.inspection import inspect
from datasets.formats.legacy import _TCVN3, from_tcvn3, from_vni
from tests.datasets.files import read, refusal, written

TEXT = "personal_id,full_name\n1,Nguyễn Thị Hoà\n2,Trần Văn Bé\n3,Đặng Hữu Phước\n4,Lê Thị Ngọc\n"
NAMES = ["Nguyễn Thị Hoà", "Trần Văn Bé", "Đặng Hữu Phước", "Lê Thị Ngọc"]
TCVN3 = TEXT.translate({ord(letter): byte for byte, letter in _TCVN3.items()}).encode("latin-1")
VNI = (
    TEXT.replace("Nguyễn Thị Hoà", "Nguyeãn Thò Hoaø")
    .replace("Trần Văn Bé", "Traàn Vaên Beù")
    .replace("Đặng Hữu Phước", "Ñaëng Höõu Phöôùc")
    .replace("Lê Thị Ngọc", "Leâ Thò Ngoïc")
    .encode("cp1252")
)


def _cp1258() -> bytes:
    tones = str.maketrans({"ễ": "ê\u0303", "ị": "i\u0323", "à": "a\u0300", "ầ": "â\u0300"})
    more = str.maketrans({"ặ": "ă\u0323", "ữ": "ư\u0303", "ớ": "ơ\u0301", "ọ": "o\u0323"})
    return TEXT.translate(tones).translate(more).encode("cp1258")


OLD = {"tcvn3": TCVN3, "vni": VNI, "cp1258": _cp1258()}


@pytest.mark.parametrize("encoding", OLD)
def test_an_old_encoding_is_asked_with_its_likeliest_answer_first(
    tmp_path: Path, encoding: str
) -> None:
    path = written(tmp_path / "f", OLD[encoding])
    told, error = refusal(path)
    assert told == [("/encoding", "encoding_unknown")]
    assert error.members["candidates"][0] == encoding
    rows = read(path, Options(encoding=encoding))
    assert [row.cells["full_name"] for row in rows] == NAMES


@pytest.mark.parametrize("encoding", OLD)
def test_three_names_show_what_each_answer_means(tmp_path: Path, encoding: str) -> None:
    seen = inspect(written(tmp_path / "f", OLD[encoding]), "people.csv")
    assert seen.open == {"encoding": "encoding_unknown"}
    assert seen.encodings[0].name == encoding
    assert list(seen.encodings[0].samples) == NAMES[:3]
    assert len({each.samples for each in seen.encodings}) == len(seen.encodings)


@pytest.mark.parametrize("encoding", ["tcvn3", "vni"])
def test_text_typed_for_an_old_font_and_saved_as_unicode_is_asked_too(
    tmp_path: Path, encoding: str
) -> None:
    path = written(tmp_path / "f", OLD[encoding].decode("cp1252"))
    told, error = refusal(path)
    assert told == [("/encoding", "encoding_unknown")]
    assert error.members["candidates"] == [encoding, "utf-8"]
    assert [row.cells["full_name"] for row in read(path, Options(encoding=encoding))] == NAMES
    [first, *_] = read(path, Options(encoding="utf-8"))
    assert first.cells["full_name"] != NAMES[0]
    assert inspect(path).encodings[0].samples == tuple(NAMES[:3])


def test_utf_16_without_its_mark_is_asked(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        path = written(tmp_path / encoding, TEXT.encode(encoding))
        told, error = refusal(path)
        assert (told, error.members["candidates"]) == (
            [("/encoding", "encoding_unknown")],
            [encoding],
        )
        rows = read(path, Options(encoding=encoding))
        assert [row.cells["full_name"] for row in rows] == NAMES
        [shown] = inspect(path).encodings
        assert (shown.name, shown.samples) == (encoding, tuple(NAMES[:3]))


def test_an_answer_that_the_bytes_contradict_is_asked_again(tmp_path: Path) -> None:
    path = written(tmp_path / "f", b"personal_id,full_name\n1,\xc3\x28\xff\n")
    assert refusal(path, Options(encoding="utf-8"))[0] == [("/encoding", "encoding_contradicted")]
    assert refusal(path, Options(encoding="tcvn3"))[0] == [("/encoding", "encoding_contradicted")]
    assert refusal(path, Options(encoding="klingon"))[0] == [("/encoding", "encoding_unknown")]


def test_an_old_letter_far_down_in_a_file_is_asked_all_the_same(tmp_path: Path) -> None:
    lines = b"personal_id,full_name\n" + b"1,Lan Anh\n" * 200_000
    path = written(tmp_path / "f", lines + b"2,Nguy\xd4n Th\xde Ho\xb5\n")
    told, error = refusal(path)
    assert told == [("/encoding", "encoding_unknown")]
    assert error.members["candidates"][0] == "tcvn3"


def test_good_text_is_asked_nothing(tmp_path: Path) -> None:
    for text in (TEXT, TEXT.upper().replace("PERSONAL_ID,FULL_NAME", "personal_id,full_name")):
        path = written(tmp_path / "f", text)
        rows = read(path)
        assert len(rows) == len(NAMES)
        assert not any(row.notes for row in rows)
        assert inspect(path).open == {}


def test_what_was_repaired_is_said_and_what_cannot_be_too(tmp_path: Path) -> None:
    broken = "Äáº·ng VÄƒn BÃ©"  # a letter lost its second half
    path = written(tmp_path / "f", f"personal_id,full_name\n1,HÃ²a\n2,{broken}\n3,Jürgen Ärger\n")
    rows = read(path)
    assert [(row.cells["full_name"], row.notes) for row in rows] == [
        ("Hòa", (("repaired_text", "full_name"),)),
        (broken, (("broken_text", "full_name"),)),
        ("Jürgen Ärger", ()),
    ]


def test_the_tables_know_every_letter_that_they_have() -> None:
    lower = "".join(_TCVN3.values())
    assert len(set(lower)) == len(_TCVN3) == 74
    assert from_vni("AÙ Aù aù ÔÙ Öõ Ñ ñ AÀ Eå") == "Á Á á Ớ Ữ Đ đ Ầ Ể"
    assert from_tcvn3("§Æng ¡n") == "Đặng Ăn"


def test_options_that_mean_the_same_are_the_same_load() -> None:
    said = {"names": {"b": "x", "a": ""}, "encoding": "TCVN5712", "delimiter": "tab", "crs": 9210}
    options = Options.from_json(said)
    assert Options.from_json(options.to_json()).to_json() == options.to_json()
    assert list(options.to_json()["names"]) == ["a", "b"]
    assert options.to_json()["encoding"] == "tcvn3"
    assert AS_IT_IS.to_json() == {}
