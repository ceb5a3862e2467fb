"""The file of households: one row a member, the rows of a household together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Any

from datasets.formats import Row
from datasets.specs.base import Column, Entry, Finding, Reading, Spec, blank, ward_of
from datasets.specs.unique import Seen
from registry.households.changes import apply_changes
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import IdentifierError, require_personal_id
from registry.kernel.ledger import Change

_HEAD = "CHU_HO"
# What every row of a household says of the whole of it.
_OF_HOUSEHOLD = ("kind", "address", "address_commune", "address_on", "head_id")

COLUMNS = (
    Column("household_code", "Số hồ sơ cư trú", "HK-0000001", required=True),
    Column("kind", "Loại cư trú", "Thường trú", required=True),
    Column("address", "Địa chỉ", "169/8A/12 đường Số 1", required=True),
    Column("address_commune", "Mã xã", "26737"),
    Column("address_on", "Mã xã ghi ngày", "01/03/2015"),
    Column("head_id", "Số định danh chủ hộ", "900190000001", required=True),
    Column("member_id", "Số định danh thành viên", "900190000001", required=True),
    Column("relation", "Quan hệ với chủ hộ", "Chủ hộ", required=True),
    Column("relation_text", "Quan hệ ghi nguyên văn"),
    Column("member_from", "Là thành viên từ", "2015"),
    Column("member_to", "Là thành viên đến"),
)


def read(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield one entry a household; one wrong row holds the whole household back."""
    seen = Seen()
    for code, group in groupby(rows, key=_code):
        if code is None:
            yield from map(blank, group)
        else:
            yield _household(code, [Reading(row) for row in group], seen)


def _code(row: Row) -> str | None:
    """Return the household that a row tells of, None for a blank row."""
    return row.cells.get("household_code", "").strip() if row.cells else None


def _household(code: str, readings: list[Reading], seen: Seen) -> Entry:
    first = readings[0]
    if not code:
        for reading in readings:
            reading.note("required", "household_code")
    elif not seen.add("household_code", code):
        first.note("repeated_record", "household_code")
    kind = first.code("kind", "residence_kind")
    address = first.address("address")
    head = _personal_id(first, "head_id")
    members = [_member(reading) for reading in readings]
    _check_members(readings, head, members)
    findings = [finding for reading in readings for finding in reading.findings]
    rejected = any(reading.rejected for reading in readings)
    if rejected:
        held = (r for r in readings if not r.rejected)
        column = "household_code"
        findings += [Finding("row_of_rejected", r.row.line, column, r.part) for r in held]
    document = {
        "code": code,
        "kind": kind,
        "address": address,
        "head": {"personal_id": head},
        "members": members,
    }
    change = None if rejected else Change(document, _began(members))
    ward = ward_of(address) or first.text("address_commune") or ""
    return Entry(len(readings), change, tuple(findings), first.row.line, first.part, ward)


def _personal_id(reading: Reading, column: str) -> str | None:
    value = reading.text(column, required=True, digits=True)
    try:
        return require_personal_id(value) if value else None
    except IdentifierError:
        reading.note("personal_id_shape", column)
        return None


def _member(reading: Reading) -> dict[str, Any]:
    for column in ("kind", "address", "relation"):
        reading.text(column, required=True)
    relation = reading.code("relation", "household_relation") or {}
    recorded = reading.text("relation_text")
    began, ended = reading.date("member_from"), reading.date("member_to", ahead=True)
    reading.order(began, ended, "member_to")
    return {
        "personal_id": _personal_id(reading, "member_id"),
        "relation": {**relation, **({"as_recorded": recorded} if recorded else {})},
        **({"valid_from": began.to_json()} if began else {}),
        **({"valid_to": ended.to_json()} if ended else {}),
    }


def _check_members(
    readings: list[Reading], head: str | None, members: list[dict[str, Any]]
) -> None:
    heads = [m["personal_id"] for m in members if m["relation"].get("code") == _HEAD]
    if heads != [head]:
        readings[0].note("household_head", "head_id")
    for reading in readings[1:]:
        for column in _OF_HOUSEHOLD:
            if reading.text(column) != readings[0].text(column):
                reading.note("household_rows_differ", column)
    named: set[str | None] = set()
    for reading, member in zip(readings, members, strict=True):
        if member["personal_id"] in named:
            reading.note("repeated_member", "member_id")
        named.add(member["personal_id"])


def _began(members: list[dict[str, Any]]) -> date:
    dates = [
        PartialDate.parse(m["valid_from"]["value"]).first for m in members if "valid_from" in m
    ]
    return min(dates, default=date(1900, 1, 1))


HOUSEHOLDS = Spec("households", "Hộ gia đình", COLUMNS, read, apply_changes)
