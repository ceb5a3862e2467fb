"""What the verbs answer is just what the schemas publish, and requests are read strictly."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from registry.prefill.notices import read_events
from registry.prefill.schemas import (
    EventsQuery,
    PrefillAnswer,
    PrefillCloseAnswer,
    PrefillEventsAnswer,
    PrefillVerifyAnswer,
    PrefillVerifyRequest,
)
from registry.prefill.watching import close
from tests.registry.prefill.conftest import SUBMITTED, Desk


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fields": []},
        {"fields": {}, "more": 1},
        {"fields": {"": "x"}},
        {"fields": {"k" * 121: "x"}},
        {"fields": {"a\x00": "x"}},
        {"fields": {str(i): "x" for i in range(401)}},
    ],
)
def test_a_body_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PrefillVerifyRequest().load(body)


@pytest.mark.parametrize("query", [{"after": -1}, {"limit": 0}, {"limit": 101}, {"since": 1}])
def test_a_query_out_of_range_is_refused(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EventsQuery().load(query)


def test_a_submission_is_read_as_it_is() -> None:
    told = {"fields": {"a": None, "b": {"value": [1], "reason": "moved"}, "c": False}}
    assert PrefillVerifyRequest().load(told) == told
    assert EventsQuery().load({}) == {"after": 0, "limit": 100}


def test_every_answer_is_dumped_whole(desk: Desk) -> None:
    name = {"value": "Nguyễn Thị Lán", "reason": "misspelt"}
    verified = desk.verify({**SUBMITTED, "owner.full_name": name})
    assert PrefillVerifyAnswer().dump(verified) == verified
    desk.rewrite(name={"full": "Nguyễn Thị Loan"})
    looked = desk.look().answer
    _whole(PrefillAnswer(), looked)
    desk.notice()
    with desk.database.transaction() as session:
        events = read_events(session, desk.principal, 0, 10)
        _whole(PrefillEventsAnswer(), events)
        _whole(PrefillEventsAnswer().fields["events"].inner.schema, events["events"][0])  # type: ignore[attr-defined]
        _whole(PrefillCloseAnswer(), close(session, desk.principal, desk.released.id))


def _whole(schema: Schema, answer: Any) -> None:
    dumped = schema.dump(answer)
    assert set(dumped) == set(answer)
    assert None not in dumped.values()
