"""A message from a source is read by the rules of the file, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from datasets.specs.messages import citizen_of_cells
from tests.sources import CELLS


@pytest.mark.parametrize(
    "wrong",
    [
        {"shoe_size": "42"},
        {"sex": 2},
        {"sex": None},
        {"full_name": ""},
        {"personal_id": "12"},
        {"birth_date": "30/02/1990"},
        {"full_name": {"given": "Lan"}},
    ],
)
def test_what_a_file_would_be_refused_for_is_no_document(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="message"):
        citizen_of_cells(CELLS | wrong)


def test_a_message_becomes_the_document_of_its_row() -> None:
    document = citizen_of_cells(CELLS)
    assert document["name"] == {"full": "Nguyễn Thị Lan"}
    assert document["birth_date"] == {"value": "1990-05-17", "precision": "day"}
    numbers = {(entry["type"], entry["value"]) for entry in document["identifiers"]}
    assert numbers == {("personal_id", "900190000001"), ("nine_digit_id", "900000001")}
