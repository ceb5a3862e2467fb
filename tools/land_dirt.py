"""What each constant of the made-up parcels means; one without its words stops `make docs`."""

from __future__ import annotations

LAND_DIRT = {
    "SPLIT": ("Thửa tách từ thửa cũ, của các hộ trong thành phố", "Split, of homes in the city"),
    "MERGE": ("Thửa hợp từ hai thửa", "Merged of two parcels, of homes in the city"),
    "HOUSEHOLD_HOLDER": (
        "Giấy trước 8/2024 cấp cho hộ gia đình",
        "Held by a household, of certificates before August 2024",
    ),
    "CO_USERS": ("Đồng sử dụng, có phần của từng người", "Held by shares, of couples"),
    "TWO_SERIES": (
        "Xã cũ có hai bộ bản đồ cùng đánh số từ 1",
        "Old communes with two map sets, both numbered from 1",
    ),
    "NO_CERTIFICATE": ("Thửa ở chưa có giấy chứng nhận", "Home parcels without a certificate"),
    "YEAR_ONLY_CERTIFICATE": (
        "Giấy chứng nhận chỉ biết năm cấp",
        "Certificates of which only the year is known",
    ),
    "AREA_DIFFERS": (
        "Diện tích pháp lý lệch hơn 2 % so với hình",
        "Registered area more than 2 % off the drawn one",
    ),
    "NO_PURPOSE": ("Thửa ở thiếu mục đích sử dụng", "Home parcels without a land use"),
    "FREE_TEXT_PURPOSE": ("Mục đích ghi chữ như “thổ cư”", "A land use in words of old papers"),
    "SECOND_PURPOSE": ("Thửa ở có thêm đất vườn", "Home parcels with a garden"),
    "PARCEL_ID": ("Đã có mã định danh thửa đất", "Has a permanent parcel id"),
    "MORTGAGE": ("Đang thế chấp", "Mortgaged"),
    "DISPUTE": ("Đang tranh chấp", "Disputed"),
    "PLANNING": ("Trong quy hoạch", "Under a plan"),
    "ASSET": ("Có nhà trên đất", "Has a house"),
}
