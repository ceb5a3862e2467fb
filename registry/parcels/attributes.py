"""What a parcel record can answer."""

from __future__ import annotations

from registry.kernel.fields import Attribute, Catalogue

# Attributes that tell of people, holders or others: a protected holder withholds all of them.
PERSONAL = (
    "holders",
    "restrictions.party",
    "restrictions.detail",
    "responsibilities.party",
    "responsibilities.detail",
)
# What a map may tell of any parcel: nothing here leads to a person.
ON_MAP = ("reference", "area", "purposes", "state")
COORDINATES = "geometry.coordinates"


def _limits(register: str, vi: str, en: str) -> list[Attribute]:
    """Return the attributes of restrictions or responsibilities; who and what is sensitive."""
    return [
        Attribute(f"{register}.type", f"Loại {vi}", f"Type of {en}"),
        Attribute(f"{register}.from", f"Ngày bắt đầu {vi}", f"Start of the {en}"),
        Attribute(f"{register}.to", f"Ngày kết thúc {vi}", f"End of the {en}"),
        Attribute(f"{register}.number", f"Số đăng ký {vi}", f"Number of the {en}"),
        Attribute(
            f"{register}.party", f"Bên liên quan của {vi}", f"Party to the {en}", "sensitive"
        ),
        Attribute(f"{register}.detail", f"Chi tiết {vi}", f"Detail of the {en}", "sensitive"),
    ]


CATALOGUE = Catalogue(
    "parcels",
    [
        Attribute("code", "Mã nguồn", "Key at the source"),
        Attribute("parcel_id", "Mã định danh thửa đất", "Permanent parcel id"),
        Attribute("reference", "Xã, tờ bản đồ và số thửa hiện nay", "Present reference"),
        Attribute("references", "Tờ, thửa qua các thời kỳ", "References of every generation"),
        Attribute("address", "Địa chỉ thửa đất", "Address of the parcel"),
        Attribute("state", "Tình trạng thửa đất", "State of the parcel"),
        Attribute("area.legal", "Diện tích pháp lý (m²)", "Registered area (m2)"),
        Attribute("area.computed", "Diện tích tính từ bản đồ (m²)", "Drawn area (m2)"),
        Attribute("purposes.purpose", "Mục đích sử dụng đất", "Land-use purpose"),
        Attribute("purposes.area", "Diện tích theo mục đích (m²)", "Area of the purpose (m2)"),
        Attribute("purposes.use", "Hình thức sử dụng", "Private or common use"),
        Attribute("purposes.term", "Thời hạn sử dụng", "Term of use"),
        Attribute("purposes.origin", "Nguồn gốc sử dụng", "Origin of the use"),
        Attribute("purposes.planned", "Mục đích theo quy hoạch", "Planned purpose"),
        Attribute("geometry.srid", "Hệ tọa độ đo đạc (EPSG)", "Surveyed CRS (EPSG)"),
        Attribute("geometry.kind", "Loại hình học", "Kind of geometry"),
        Attribute("geometry.transformation", "Phép chuyển sang WGS 84", "Operation to WGS 84"),
        Attribute("geometry.accuracy_m", "Độ chính xác (m)", "Accuracy (m)"),
        Attribute("geometry.digest", "Mã băm tọa độ", "Digest of the coordinates"),
        Attribute(COORDINATES, "Tọa độ đo đạc", "Surveyed coordinates"),
        Attribute("rights.type", "Loại quyền", "Type of right"),
        Attribute("rights.baunit", "Đơn vị đăng ký", "Basic administrative unit"),
        Attribute("rights.certificate", "Giấy chứng nhận của quyền", "Certificate of the right"),
        Attribute("rights.share", "Phần quyền", "Share of the right"),
        Attribute("holders.kind", "Loại người sử dụng", "Kind of party"),
        Attribute("holders.role", "Vai trò", "Role"),
        Attribute("holders.share", "Phần của người sử dụng", "Share of the holder"),
        Attribute("holders.name", "Tên người sử dụng đất", "Name of the holder"),
        Attribute("holders.personal_id", "Số định danh", "Personal id of the holder", "sensitive"),
        Attribute("holders.citizen_id", "Mã bản ghi công dân", "Citizen record id", "sensitive"),
        Attribute("holders.organisation_id", "Số của tổ chức", "Organisation id", "sensitive"),
        Attribute("holders.address", "Địa chỉ người sử dụng", "Holder's address", "sensitive"),
        *_limits("restrictions", "hạn chế", "restriction"),
        *_limits("responsibilities", "nghĩa vụ", "responsibility"),
        Attribute("certificates.serial", "Số phát hành", "Serial number"),
        Attribute("certificates.register_number", "Số vào sổ", "Register number"),
        Attribute("certificates.issued_on", "Ngày cấp", "Date of issue"),
        Attribute("certificates.issuer", "Cơ quan cấp", "Issuer"),
        Attribute("certificates.era", "Mẫu giấy chứng nhận", "Form of the certificate"),
        Attribute("certificates.signer", "Người ký", "Signer"),
        Attribute("certificates.state", "Tình trạng giấy chứng nhận", "State of the certificate"),
        Attribute("assets.kind", "Loại tài sản gắn liền", "Kind of attached asset"),
        Attribute("assets.name", "Tên công trình", "Name of the building"),
        Attribute("assets.built_area", "Diện tích xây dựng (m²)", "Built area (m2)"),
        Attribute("assets.floor_area", "Diện tích sàn (m²)", "Floor area (m2)"),
        Attribute("assets.storeys", "Số tầng", "Storeys"),
        Attribute("assets.ownership", "Hình thức sở hữu", "Form of ownership"),
        Attribute("assets.term", "Thời hạn sở hữu", "Term of ownership"),
        Attribute("assets.grade", "Cấp hạng", "Grade"),
        Attribute("lineage", "Nguồn gốc thửa đất", "Lineage of the parcel"),
    ],
    flags=("under_review",),
)
