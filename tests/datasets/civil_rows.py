"""Rows of acts for the tests, each right as it stands."""

from __future__ import annotations

from tests.people import BAY, LAN

HOA = "900087000005"
KHANG = "900215000006"
ENVELOPE = {
    "office_name": "Ủy ban nhân dân Phường Đa Kao",
    "office_code": "26737",
    "signer_name": "Phạm Văn Ký",
    "signer_title": "Phó Chủ tịch",
    "registration_kind": "Đúng hạn",
    "digitisation": "Đã số hóa",
}
BIRTH = ENVELOPE | {
    "code": "KS-1",
    "type": "Khai sinh",
    "number": "12",
    "book": "01/2015-KS",
    "registered_on": "01/09/2015",
    "child_name": "Nguyễn Minh Khang",
    "child_birth_date": "20/08/2015",
    "child_sex": "Nam",
    "child_id": KHANG,
    "mother_name": "Nguyễn Thị Lan",
    "mother_birth_date": "1990",
    "mother_id": LAN,
    "father_name": "Nguyễn Văn Hòa",
    "father_birth_date": "05/12/1987",
    "father_id": HOA,
}
MARRIAGE = ENVELOPE | {
    "code": "KH-1",
    "type": "Kết hôn",
    "number": "7",
    "book": "01/2014-KH",
    "registered_on": "06/06/2014",
    "marriage_on": "06/06/2014",
    "husband_name": "Nguyễn Văn Hòa",
    "husband_birth_date": "05/12/1987",
    "husband_id": HOA,
    "wife_name": "Nguyễn Thị Lan",
    "wife_birth_date": "17/05/1990",
    "wife_id": LAN,
}
DEATH = ENVELOPE | {
    "code": "KT-1",
    "type": "Khai tử",
    "number": "3",
    "book": "01/2012-KT",
    "registered_on": "05/03/2012",
    "deceased_name": "Nguyễn Văn Bảy",
    "deceased_birth_date": "1945",
    "deceased_id": BAY,
    "death_date": "04/03/2012",
    "death_time": "4:30",
    "death_cause": "Bệnh già",
}
DIVORCE = ENVELOPE | {
    "code": "GC-1",
    "type": "court_note",
    "number": "2",
    "book": "01/2018-GC",
    "registered_on": "10/05/2018",
    "decision_kind": "Ly hôn",
    "decision_number": "15/2018/QĐST",
    "decision_effective_on": "02/05/2018",
    "amends": "KH-1",
    "husband_name": "Nguyễn Văn Hòa",
    "husband_id": HOA,
    "wife_name": "Nguyễn Thị Lan",
    "wife_id": LAN,
}
CORRECTION = ENVELOPE | {
    "code": "CC-1",
    "type": "Cải chính hộ tịch",
    "number": "1",
    "book": "01/2020-CC",
    "registered_on": "02/01/2020",
    "amends": "KS-1",
    "person_name": "Nguyễn Minh Khang",
    "person_id": KHANG,
    "change1_field": "birth_date",
    "change1_from": "20/08/2015",
    "change1_to": "02/08/2015",
    "amendment_reason": "Ghi sai",
}
BOOK = {
    "office_code": "26737",
    "office_name": "Ủy ban nhân dân Phường Đa Kao",
    "kind": "Kết hôn",
    "year_from": "2000",
    "year_to": "2024",
    "complete": "1",
}
