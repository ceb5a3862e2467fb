"""What each share of dirt in made-up files means; `tools.reference` prints them."""

from __future__ import annotations

# What each constant of the generator means; a new one without its words stops `make docs`.
DIRT = {
    "NINE_DIGIT_ID": ("Có số chứng minh 9 số (sinh trước 2000)", "Old nine-digit id (born < 2000)"),
    "CANCELLED_ID": ("Có số định danh đã hủy", "A cancelled personal id"),
    "LEGACY_ADDRESS": (
        "Hộ lập trước 7/2025 còn địa chỉ theo đơn vị cũ",
        "Address by an old unit, of households older than July 2025",
    ),
    "UPPER_CASE": ("Tên viết HOA toàn bộ", "Name in capitals"),
    "OTHER_TONES": (
        "Dấu thanh kiểu khác (hoà / hòa), nếu tên có",
        "Tone mark in the other place, if it has one",
    ),
    "NO_ETHNICITY": ("Thiếu dân tộc", "No ethnicity"),
    "BOOKS_INCOMPLETE": ("Sổ hộ tịch chưa số hóa đủ", "Civil-status books not complete"),
    "HIGHLAND_FAMILY": (
        "Gia đình Ê-đê, tên không tách được",
        "Ê-đê families, whose names nobody splits",
    ),
    "TEMPORARY": ("Đang tạm trú", "Has a temporary residence"),
    "ABSENT": ("Đang khai báo tạm vắng (không tạm trú)", "Declared absent (of the others)"),
    "PASSPORT": ("Có hộ chiếu (từ 14 tuổi)", "Has a passport (from the age of 14)"),
    "BLOOD_TYPE": ("Có nhóm máu", "Blood type known"),
    "MISSING": ("Mất tích (sinh trước 2000)", "Missing (born < 2000)"),
    "WOMAN_HEAD": ("Vợ là chủ hộ, của các gia đình", "The wife is the head, of families"),
    "ADOPTED": ("Con nuôi, của con sống cùng cha mẹ", "Adopted, of children with both parents"),
    "CORRECTED": (
        "Khai sinh ghi sai tên hoặc ngày sinh, đã cải chính (sinh từ 1976)",
        "Name or birthday corrected (born since 1976)",
    ),
    "UNCORRECTED_FILE": (
        "Tệp công dân còn ghi giá trị sai, của những người đã cải chính",
        "The file of citizens still has the wrong value, of those corrected",
    ),
    "LATE": ("Khai sinh quá hạn (sinh từ 1976)", "Birth registered late (born since 1976)"),
    "RE_REGISTERED": (
        "Khai sinh đăng ký lại (sinh trước 1976)",
        "Birth registered again (born < 1976)",
    ),
    "RECOGNISED": (
        "Cha nhận con sau khai sinh (sinh từ 1976, có cha trong tệp)",
        "Recognised by the father later (born since 1976, father in the file)",
    ),
    "FOREIGN_MARRIAGE": (
        "Ghi chú kết hôn ở nước ngoài, của các cặp cưới từ 2000",
        "Marriage abroad, noted here, of couples since 2000",
    ),
    "GUARDIAN": (
        "Ông bà giám hộ, của trẻ sống cùng ông bà",
        "A grandparent is guardian, of minors who live with one",
    ),
    "OFFICE_INCOMPLETE": (
        "Nơi đăng ký chưa đủ sổ từ 2000, của các xã cũ",
        "Books not whole since 2000, of offices of former communes",
    ),
    "OLD_NO_NUMBER": ("Thiếu số (việc trước 2000)", "No number (acts before 2000)"),
    "OLD_NO_BOOK": ("Thiếu quyển số (việc trước 2000)", "No book (acts before 2000)"),
    "OLD_NO_DAY": ("Chỉ biết năm đăng ký (việc trước 2000)", "Only the year (acts before 2000)"),
    "OLD_NO_SIGNER": ("Thiếu người ký (việc trước 2000)", "No signer (acts before 2000)"),
}
