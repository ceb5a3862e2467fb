"""The parts of a specification: columns, rules, findings, and the reading of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - a reading has a method `date`
from functools import lru_cache
from typing import Any, Literal, Protocol

from sqlalchemy.orm import Session

from datasets.formats import Row
from registry.kernel.clock import today
from registry.kernel.codes import load as load_codes
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.errors import Text
from registry.kernel.ledger import Change, Counts
from registry.kernel.text import clean, suggest_spacing
from registry.places.catalogue import Unit, catalogue


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a code that is never used for another, how grave, what is wrong, what to do."""

    code: str
    severity: Literal["error", "warning"]
    text: Text
    repair: Text


def _rule(code: str, severity: Literal["error", "warning"], *words: str) -> Rule:
    vi, en, repair_vi, repair_en = words
    return Rule(code, severity, Text(vi, en), Text(repair_vi, repair_en))


RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        _rule(
            "ragged_row",
            "error",
            "Số ô khác số cột.",
            "Cells and columns differ in number.",
            "Kiểm tra dấu phẩy và dấu nháy.",
            "Check commas and quotes.",
        ),
        _rule(
            "required",
            "error",
            "Thiếu giá trị bắt buộc.",
            "A required value is missing.",
            "Điền giá trị.",
            "Fill the value in.",
        ),
        _rule(
            "personal_id_shape",
            "error",
            "Số định danh phải đúng 12 chữ số.",
            "A personal id is exactly 12 digits.",
            "Định dạng cột là chữ rồi nhập lại; 11 số thường là mất số 0 đầu.",
            "Format the column as text and enter again; 11 digits often lost a leading 0.",
        ),
        _rule(
            "identifier_shape",
            "error",
            "Số giấy tờ sai dạng.",
            "Not a number of this kind.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "unknown_block",
            "warning",
            "Mã nơi đăng ký khai sinh lạ.",
            "Unknown place block in the id.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "sex_digit",
            "warning",
            "Số định danh không khớp giới tính.",
            "The id and the sex disagree.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "birth_year",
            "warning",
            "Số định danh không khớp năm sinh.",
            "The id and the year of birth disagree.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "date_malformed",
            "error",
            "Ngày sai dạng.",
            "Not a date.",
            "Viết ngày/tháng/năm, tháng/năm hoặc năm.",
            "Write day/month/year, or the year.",
        ),
        _rule(
            "date_no_such_day",
            "error",
            "Ngày không có trong lịch.",
            "No such day.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "date_out_of_range",
            "error",
            "Năm ngoài khoảng hợp lệ.",
            "Year out of range.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "date_us_order",
            "error",
            "Tháng có vẻ đứng trước ngày.",
            "The month seems to come first.",
            "Viết ngày/tháng/năm.",
            "Write day/month/year.",
        ),
        _rule(
            "date_future",
            "error",
            "Ngày ở tương lai.",
            "A date in the future.",
            "Đối chiếu giấy tờ.",
            "Compare with the paper.",
        ),
        _rule(
            "unknown_code",
            "error",
            "Giá trị không có trong danh mục.",
            "Not a value of the code list.",
            "Dùng mã hoặc tên trong danh mục.",
            "Use a code or name of the list.",
        ),
        _rule(
            "hidden_character",
            "error",
            "Có ký tự ẩn giữa chữ.",
            "An invisible character joins two words.",
            "Gõ lại giá trị.",
            "Type it again.",
        ),
        _rule(
            "unknown_commune",
            "warning",
            "Mã xã không có vào ngày đó.",
            "No such commune on that day.",
            "Sửa mã hoặc ngày ghi mã.",
            "Mend the code or its day.",
        ),
        _rule(
            "split_commune",
            "warning",
            "Xã cũ đã chia, chưa rõ nay thuộc xã nào.",
            "The old commune was divided; which one it is now is open.",
            "Xác định theo đường, khu phố.",
            "Decide by street or neighbourhood.",
        ),
        _rule(
            "repeated_record",
            "error",
            "Trùng với dòng khác trong tệp.",
            "Repeats another row of the file.",
            "Giữ một dòng.",
            "Keep one row.",
        ),
        _rule(
            "repeated_identifier",
            "error",
            "Số giấy tờ này đã ở dòng khác.",
            "Another row has this number.",
            "Đối chiếu giấy tờ của cả hai người.",
            "Compare the papers of both people.",
        ),
        _rule(
            "interval_order",
            "error",
            "Ngày kết thúc trước ngày bắt đầu.",
            "It ends before it begins.",
            "Đối chiếu hai ngày.",
            "Compare the two days.",
        ),
        _rule(
            "life_status_date",
            "error",
            "Ngày này không khớp tình trạng sống, chết, mất tích.",
            "This day and the life status disagree.",
            "Sửa ngày hoặc tình trạng.",
            "Mend the day or the status.",
        ),
        _rule(
            "household_head",
            "error",
            "Hộ phải có đúng một chủ hộ là head_id.",
            "A household has just one head, who is head_id.",
            "Sửa quan hệ hoặc head_id.",
            "Mend the relation or head_id.",
        ),
        _rule(
            "household_rows_differ",
            "error",
            "Các dòng của một hộ khác nhau về hộ.",
            "The rows of one household disagree about it.",
            "Ghi giống nhau ở mọi dòng của hộ.",
            "Write the same in every row of the household.",
        ),
        _rule(
            "repeated_member",
            "error",
            "Thành viên lặp lại trong hộ.",
            "A member is repeated.",
            "Giữ một dòng.",
            "Keep one row.",
        ),
        _rule(
            "row_of_rejected",
            "error",
            "Hộ có dòng lỗi nên cả hộ bị giữ lại.",
            "Another row of the household is wrong, so all of it waits.",
            "Sửa dòng lỗi của hộ.",
            "Mend the wrong row of the household.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, where the steward sees it: the line and column of the file."""

    rule: str
    line: int
    column: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What some rows say together: a change, or none where an error forbids it."""

    rows: int
    change: Change | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file; ``example`` fills the template."""

    name: str
    vi: str
    example: str = ""
    required: bool = False


class Apply(Protocol):
    """A register's verb that writes changes."""

    def __call__(
        self, session: Session, changes: Iterable[Change], *, source: str, load: str | None
    ) -> Counts:
        """Write ``changes``."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One dataset: its columns, how rows become entries, and the register that takes them."""

    name: str
    vi: str
    columns: tuple[Column, ...]
    read: Callable[[Iterable[Row]], Iterator[Entry]]
    apply: Apply


@dataclass(slots=True)
class Reading:
    """Reads the cells of one row, and gathers what is wrong with them."""

    row: Row
    findings: list[Finding] = field(default_factory=list)
    day: Day = field(default_factory=today)
    """The day of the check, against which dates are future ones."""

    def __post_init__(self) -> None:
        """Report a row that does not fit the header."""
        if self.row.ragged:
            self.note("ragged_row", "")

    @property
    def rejected(self) -> bool:
        """True once an error was found."""
        return any(RULES[finding.rule].severity == "error" for finding in self.findings)

    def note(self, rule: str, column: str) -> None:
        """Add a finding; a cell that is read twice is reported once."""
        found = Finding(rule, self.row.line, column)
        if found not in self.findings:
            self.findings.append(found)

    def text(self, column: str, *, required: bool = False) -> str | None:
        """Return the cell in display form, None where it is empty."""
        raw = self.row.cells.get(column)
        if raw is None and not required:
            return None
        value, hidden = _shown(raw or "")
        if not value:
            if required:
                self.note("required", column)
            return None
        if hidden:
            self.note("hidden_character", column)
        return value

    def listed(self, column: str) -> list[str]:
        """Return the values of a cell that separates them by semicolons."""
        parts = (self.text(column) or "").split(";")
        return [part.strip() for part in parts if part.strip()]

    def date(self, column: str, *, ahead: bool = False) -> PartialDate | None:
        """Return the cell as a partial date, None where it is empty or wrong.

        It must have begun, unless it may lie ``ahead``.
        """
        value = self.text(column)
        if value is None:
            return None
        try:
            day = _date(value)
        except DateError as error:
            self.note(f"date_{error.code}", column)
            return None
        if not ahead and day.first > self.day:
            self.note("date_future", column)
        return day

    def order(self, first: PartialDate | None, last: PartialDate | None, column: str) -> None:
        """Report in ``column`` an end that is certainly before the beginning."""
        if first is not None and last is not None and last.certainly_before(first):
            self.note("interval_order", column)

    def code(self, column: str, codes: str) -> dict[str, str] | None:
        """Return the cell, a code or a label of the list ``codes``, as code and label."""
        value = self.text(column)
        if value is None:
            return None
        leaf = _leaf(codes, value)
        if leaf is None:
            self.note("unknown_code", column)
        return leaf

    def codes(self, column: str, codes: str) -> list[dict[str, str]]:
        """Return every value of the cell as code and label."""
        leaves = [_leaf(codes, value) for value in self.listed(column)]
        if None in leaves:
            self.note("unknown_code", column)
        return [leaf for leaf in leaves if leaf]

    def address(self, prefix: str) -> dict[str, Any] | None:
        """Return the address in ``prefix``, ``prefix_commune`` and ``prefix_on``.

        The text stays as recorded. The commune's code means what it meant on that day, and
        becomes a present commune only where that is certain.
        """
        text = self.text(prefix)
        commune = self.text(f"{prefix}_commune")
        if text is None and commune is None:
            return None
        on = self.date(f"{prefix}_on")
        found: Mapping[str, Any] = {"method": "unresolved", "confidence": 0}
        if commune is not None:
            rule, found = _commune(commune, on.first if on else None)
            if rule:
                self.note(rule, f"{prefix}_commune")
        return {"as_recorded": text or "", **found}


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is not known: absent, never null."""
    return {key: value for key, value in values.items() if value}


@lru_cache(maxsize=50_000)
def _shown(raw: str) -> tuple[str, bool]:
    """Return the display form, and whether an invisible character hides a break in it."""
    return clean(raw), not raw.isascii() and suggest_spacing(raw) is not None


@lru_cache(maxsize=100_000)
def _date(text: str) -> PartialDate:
    return PartialDate.from_text(text)


@lru_cache(maxsize=10_000)
def _leaf(codes: str, value: str) -> dict[str, str] | None:
    known = load_codes(codes)
    if value in known:
        return known.leaf(value)
    found = known.find_by_label(value)
    return known.leaf(found.code) if found else None


@lru_cache(maxsize=50_000)
def _commune(code: str, on: Day | None) -> tuple[str | None, Mapping[str, Any]]:
    """Return the finding, if any, and the coded part of an address."""
    places = catalogue()
    conversion = places.convert(code, on)
    if not conversion.sources:
        return "unknown_commune", {"method": "unresolved", "confidence": 0}
    coded: dict[str, Any] = {}
    source = conversion.sources[0]
    if len(conversion.sources) == 1 and source.valid_to is not None:
        day = on or source.valid_to
        line = {unit.level: unit.code for unit in places.line(code, day)}
        coded["legacy"] = {**line, "as_of": day.isoformat()}
    if conversion.outcome != "exact":
        candidates = [candidate.unit.code for candidate in conversion.candidates]
        return "split_commune", {
            **coded,
            "candidates": candidates,
            "method": "unresolved",
            "confidence": 0,
        }
    return None, {
        **coded,
        "current": _current(conversion.candidates[0].unit),
        "method": "exact",
        "confidence": 1,
    }


def _current(unit: Unit) -> dict[str, dict[str, str]]:
    line = catalogue().line(unit.code, unit.valid_from or Day.max)
    return {place.level: {"code": place.code, "label": place.name} for place in line}
