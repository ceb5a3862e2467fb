"""Rules of the reading itself, in the order of `datasets.specs.rules.Rule`: what stood in a file
and is no more to be seen in its cells.
"""

from __future__ import annotations

from typing import Literal

Severity = Literal["error", "warning"]

FILE_RULES: tuple[tuple[str, Severity, str, str, str, str], ...] = (
    (
        "blank_row",
        "warning",
        "Dòng trống, đã bỏ qua.",
        "An empty row, skipped.",
        "Xóa dòng trống nếu muốn.",
        "Delete it if you like.",
    ),
    (
        "numeric_cell",
        "error",
        "Ô là số, nơi phải là chữ: Excel có thể đã bỏ số 0 ở đầu.",
        "A number where text is needed: Excel may have dropped leading zeros.",
        "Định dạng cột là Text rồi nhập lại từ giấy tờ.",
        "Format the column as text and enter it again from the paper.",
    ),
    (
        "error_cell",
        "error",
        "Ô báo lỗi của bảng tính (#N/A, #REF! …).",
        "The cell shows an error of the spreadsheet (#N/A, #REF! …).",
        "Sửa công thức, hoặc nhập giá trị.",
        "Mend the formula, or enter the value.",
    ),
    (
        "repaired_text",
        "warning",
        "Chữ bị đọc sai bảng mã, đã khôi phục.",
        "Text was read by the wrong encoding and is repaired.",
        "Xem lại ô; xuất lại tệp dạng UTF-8.",
        "Look at the cell; export the file as UTF-8.",
    ),
    (
        "broken_text",
        "error",
        "Chữ hỏng vì sai bảng mã, không khôi phục được.",
        "Text was broken by a wrong encoding, beyond repair.",
        "Nhập lại từ bản gốc.",
        "Enter it again from the original.",
    ),
    (
        "lower_case_text",
        "warning",
        "Cả ô là chữ thường: phông .VnTimeH viết hoa bằng phông, không bằng mã.",
        "All small letters: the font .VnTimeH makes capitals, not the text.",
        "Viết hoa lại họ tên, địa danh.",
        "Write names with capitals again.",
    ),
    (
        "dxf_number_missing",
        "error",
        "Trong đường bao không có số thửa.",
        "No parcel number stands inside the outline.",
        "Đặt số thửa vào trong thửa trên bản vẽ.",
        "Put the number inside the parcel in the drawing.",
    ),
    (
        "dxf_number_repeated",
        "error",
        "Trong đường bao có nhiều số thửa.",
        "Several parcel numbers stand inside the outline.",
        "Để lại một số, hoặc tách thửa trên bản vẽ.",
        "Leave one number, or divide the parcel in the drawing.",
    ),
    (
        "dxf_ring_complex",
        "error",
        "Đường bao không phải một vòng đơn.",
        "The outline is not one simple ring.",
        "Vẽ thửa bằng một polyline khép kín.",
        "Draw the parcel as one closed polyline.",
    ),
)
