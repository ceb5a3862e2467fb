"""The columns of the file of parcels."""

from __future__ import annotations

from datasets.specs.base import Column

PURPOSES = (1, 2, 3)


def _purpose(number: int) -> tuple[Column, ...]:
    first = number == 1
    return (
        Column(f"purpose_{number}", f"Mục đích sử dụng {number}", "ODT" if first else ""),
        Column(f"purpose_{number}_area", f"Diện tích {number} (m²)", "82,5" if first else ""),
        Column(f"purpose_{number}_use", f"Hình thức {number}", "Sử dụng riêng" if first else ""),
        Column(f"purpose_{number}_term", f"Thời hạn {number}", "Lâu dài" if first else ""),
        Column(f"purpose_{number}_origin", f"Nguồn gốc {number}", "CNQ-CTT" if first else ""),
    )


OF_PARCEL = (
    Column("parcel_id", "Mã định danh thửa đất"),
    Column("commune", "Mã xã", "27442"),
    Column("commune_on", "Mã xã ghi ngày", "01/01/2026"),
    Column("sheet", "Số tờ bản đồ", "85"),
    Column("number", "Số thửa", "12-A"),
    Column("address", "Địa chỉ thửa đất", "169/8A/12 đường Số 1"),
    Column("legal_area", "Diện tích pháp lý (m²)", "82,5"),
    *(column for number in PURPOSES for column in _purpose(number)),
    Column("lineage_event", "Biến động tạo thửa", "Tách thửa"),
    Column("lineage_from", "Mã các thửa gốc", "TD-0000001"),
    Column("lineage_on", "Ngày biến động", "01/03/2015"),
    Column("valid_from", "Có hiệu lực từ", "01/03/2015"),
    Column("geometry", "Hình thửa (WKT, WKB hoặc GeoJSON)"),
    Column("srid", "Hệ tọa độ (EPSG)"),
)
"""What the rows of one parcel say of the whole of it: the first row, or all alike."""

COLUMNS = (
    Column("code", "Mã nguồn của thửa", "TD-0000002", required=True),
    *OF_PARCEL,
    Column("old_series", "Bộ bản đồ cũ"),
    Column("old_scale", "Tỷ lệ bản đồ cũ", "1/500"),
    Column("old_sheet", "Số tờ cũ", "1"),
    Column("old_number", "Số thửa cũ", "12-A"),
    Column("old_commune", "Mã xã cũ", "26737"),
    Column("old_commune_on", "Mã xã cũ ghi ngày", "01/03/2015"),
    Column("right", "Loại quyền", "Quyền sử dụng đất"),
    Column("right_unit", "Đơn vị đăng ký"),
    Column("certificate", "Số phát hành giấy chứng nhận", "BĐ 266864"),
    Column("certificate_register_number", "Số vào sổ", "CH 00111"),
    Column("certificate_on", "Ngày cấp", "01/03/2015"),
    Column("certificate_issuer", "Cơ quan cấp", "UBND quận Bình Tân"),
    Column("holder_kind", "Loại người sử dụng", "Vợ chồng"),
    Column("holder_role", "Vai trò", "Chồng"),
    Column("holder_share", "Phần của người sử dụng"),
    Column("holder_name", "Tên người sử dụng", "Nguyễn Văn Hòa"),
    Column("holder_id", "Số định danh cá nhân", "900190000001"),
    Column("holder_organisation_id", "Số của tổ chức"),
    Column("restriction", "Loại hạn chế"),
    Column("restriction_on", "Hạn chế từ"),
    Column("restriction_until", "Hạn chế đến"),
    Column("restriction_number", "Số đăng ký hạn chế"),
    Column("restriction_party", "Bên liên quan của hạn chế"),
    Column("asset", "Loại tài sản gắn liền", "Nhà ở riêng lẻ"),
    Column("asset_name", "Tên công trình"),
    Column("asset_built_area", "Diện tích xây dựng (m²)"),
    Column("asset_floor_area", "Diện tích sàn (m²)"),
    Column("asset_storeys", "Số tầng"),
)
