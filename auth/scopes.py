"""The scopes of the API, each named ``noun:verb``."""

from __future__ import annotations

from registry.kernel.errors import Text

SCOPES: dict[str, Text] = {
    "changes:read": Text("Theo dõi các bản công bố", "Follow the releases"),
    "citizens:read": Text("Tra cứu công dân", "Read citizens"),
    "citizens:search": Text("Tìm công dân theo thông tin", "Search citizens by facts"),
    "citizens:verify": Text("Kiểm tra thông tin khai", "Verify claims about citizens"),
    "civil_status:read": Text("Tra cứu hộ tịch", "Read civil-status acts"),
    "corrections:write": Text("Báo sai sót", "Report wrong values"),
    "datasets:approve": Text("Duyệt và công bố dữ liệu", "Approve and publish data"),
    "datasets:submit": Text("Nộp và kiểm tra dữ liệu", "Submit and check data"),
    "households:read": Text("Tra cứu hộ gia đình", "Read households"),
    "openid": Text("Biết ai đã đăng nhập", "Know who signed in"),
    "parcels:read": Text("Tra cứu thửa đất", "Read parcels"),
    "prefill:read": Text("Điền sẵn biểu mẫu", "Prefill forms"),
    "people:assist": Text("Làm thay người dân tại quầy", "Act for citizens at the counter"),
    "tokens:introspect": Text("Kiểm tra mã truy cập của ứng dụng khác", "Introspect any token"),
}
# Roles of staff: what a person grants of these, the person holds.
STAFF_SCOPES = frozenset({"datasets:approve", "datasets:submit", "people:assist"})
ASSIST = "people:assist"
