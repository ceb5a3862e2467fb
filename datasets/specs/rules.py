"""The rules that rows are held to, as data: docs, commands and screens tell them from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from datasets.specs.parcel_rules import PARCEL_RULES
from datasets.specs.place_rules import PLACE_RULES
from registry.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a code that is never used for another, how grave, what is wrong, what to do."""

    code: str
    severity: Literal["error", "warning"]
    text: Text
    repair: Text
    most: int | None = None
    """With more findings than this, or more per cent of all rows, a load can't be approved."""
    most_percent: float | None = None

    def exceeded(self, count: int, rows: int) -> bool:
        """Say whether ``count`` findings among ``rows`` rows are more than is allowed."""
        over = self.most is not None and count > self.most
        return over or (self.most_percent is not None and count * 100 > self.most_percent * rows)


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
            "Có ký tự ẩn hoặc ký tự điều khiển giữa chữ.",
            "An invisible or control character stands between letters.",
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
        _rule(
            "office_not_then",
            "error",
            "Nơi đăng ký không có mã này vào ngày đó.",
            "No office had this code on that day.",
            "Dùng mã đơn vị khi đăng ký, hoặc sửa ngày ghi mã.",
            "Use the code of that day, or mend the day.",
        ),
        _rule(
            "undated",
            "error",
            "Việc hộ tịch không có ngày nào, cũng không có năm của sổ.",
            "The act has no date, nor the year of its book.",
            "Điền ngày hoặc năm ghi trên sổ.",
            "Fill in the day or the year of the book.",
        ),
        _rule(
            "registered_before_event",
            "error",
            "Đăng ký trước khi sự kiện xảy ra.",
            "Registered before the event.",
            "Đối chiếu hai ngày với sổ.",
            "Compare both days with the book.",
        ),
        _rule(
            "death_before_birth",
            "error",
            "Chết trước khi sinh.",
            "Death before birth.",
            "Đối chiếu hai ngày với sổ.",
            "Compare both days with the book.",
        ),
        _rule(
            "child_older_than_parent",
            "error",
            "Con lớn tuổi hơn cha hoặc mẹ.",
            "The child is older than the parent.",
            "Đối chiếu ngày sinh và vai của từng người.",
            "Compare the birth dates and who is who.",
        ),
        _rule(
            "parent_too_young",
            "error",
            "Cha hoặc mẹ hơn con chưa đến 12 tuổi.",
            "The parent is less than 12 years older than the child.",
            "Đối chiếu ngày sinh và vai của từng người.",
            "Compare the birth dates and who is who.",
        ),
        _rule(
            "under_age",
            "warning",
            "Kết hôn khi chưa đủ tuổi.",
            "Married under age.",
            "Đối chiếu ngày sinh; nếu đúng như sổ thì giữ nguyên.",
            "Compare the birth dates; what the book says stays.",
        ),
        _rule(
            "marries_the_dead",
            "error",
            "Kết hôn với người đã chết.",
            "Marriage with somebody dead by then.",
            "Đối chiếu ngày chết và người kết hôn.",
            "Compare the day of death and who married.",
        ),
        _rule(
            "already_married",
            "error",
            "Một bên đang có vợ hoặc chồng.",
            "One of the two is married already.",
            "Ghi việc ly hôn hoặc khai tử trước, có thể trong cùng tệp.",
            "Add the divorce or the death, in the same file if you like.",
        ),
        _rule(
            "person_not_registered",
            "warning",
            "Người này chưa có trong dữ liệu công dân.",
            "This person is not in the register of citizens.",
            "Đối chiếu số định danh; liên kết còn để ngỏ.",
            "Compare the id; the link stays open.",
        ),
        _rule(
            "amended_act_unknown",
            "warning",
            "Chưa có việc gốc mang mã này.",
            "There is no act with this code yet.",
            "Nộp việc gốc, hoặc sửa mã; liên kết còn để ngỏ.",
            "Submit that act, or mend the code; the link stays open.",
        ),
        _rule(
            "act_incomplete",
            "warning",
            "Sổ cũ thiếu thông tin; vẫn nhận và ghi rõ chất lượng.",
            "Parts are missing; the act is kept with its quality marked.",
            "Bổ sung từ sổ giấy khi có.",
            "Complete it from the paper book if you can.",
        ),
        _rule(
            "change_field",
            "error",
            "Không cải chính được mục này.",
            "Nothing of this name can be changed.",
            "Dùng tên mục như name.full, birth_date, sex.",
            "Use a name such as name.full, birth_date, sex.",
        ),
        _rule(
            "time_malformed",
            "error",
            "Giờ sai dạng.",
            "Not a time.",
            "Viết giờ:phút, ví dụ 04:30.",
            "Write hours:minutes, such as 04:30.",
        ),
        *(_rule(*words) for words in PARCEL_RULES),
        *(_rule(*words) for words in PLACE_RULES),
    )
}
