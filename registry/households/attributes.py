"""What a household record can answer."""

from __future__ import annotations

from registry.kernel.fields import Attribute, Catalogue

CATALOGUE = Catalogue(
    "households",
    [
        Attribute("code", "Số hồ sơ cư trú", "Residence file number"),
        Attribute("kind", "Loại cư trú", "Kind of residence"),
        Attribute("address", "Địa chỉ", "Address"),
        Attribute("head", "Chủ hộ", "Head of household"),
        Attribute("members", "Thành viên và quan hệ với chủ hộ", "Members, relation to the head"),
    ],
    flags=("under_review", "uncertain"),
)
