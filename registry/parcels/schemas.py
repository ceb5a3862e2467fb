"""The wire shapes of parcels."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from pyproj.exceptions import ProjError

from registry.citizens.schemas import HistoryAnswer
from registry.http import Day, Paths, StrictSchema, fail, moment_query, paths_query
from registry.kernel.fields import MOST_FIELDS
from registry.parcels.attributes import CATALOGUE
from registry.parcels.crs import DEFAULT, Served, served
from registry.parcels.features import MapQuery
from registry.parcels.records import Wanted
from registry.parcels.references import Written

LARGEST_PAGE = 1000
_LONGEST_TEXT = 100

ParcelQuery = moment_query(CATALOGUE)
HistoryQuery = paths_query(CATALOGUE)
ParcelHistory = HistoryAnswer


class ParcelLineageQuery(StrictSchema):
    """A request without parameters."""


def _text(about: str, *, required: bool = False) -> fields.String:
    return fields.String(
        required=required,
        validate=validate.Length(1, _LONGEST_TEXT),
        metadata={"description": about},
    )


class ParcelReference(StrictSchema):
    """A reference as a paper has it."""

    commune = _text("Mã xã / commune code.", required=True)
    sheet = _text("Số tờ bản đồ / map sheet.", required=True)
    number = _text("Số thửa / parcel number.", required=True)
    as_of = Day(
        metadata={
            "description": "Ngày ghi tham chiếu; thiếu thì mọi nghĩa của mã xã đều tính / day on"
            " which it was written; if absent, every meaning of the commune code counts."
        }
    )
    series = _text("Bộ bản đồ / map series.")
    scale = _text("Tỷ lệ bản đồ / map scale.")


class ParcelLookup(StrictSchema):
    """A look-up by one of a reference, a certificate's serial number, a permanent id."""

    reference = fields.Nested(ParcelReference)
    certificate = _text("Số phát hành giấy chứng nhận / serial number of a certificate.")
    parcel_id = _text("Mã định danh thửa đất / permanent parcel id.")
    paths = Paths(
        CATALOGUE,
        metadata={"minItems": 1, "maxItems": MOST_FIELDS},
    )

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse none and more than one."""
        if len(data.keys() & {"reference", "certificate", "parcel_id"}) != 1:
            raise fail("combination")


def wanted(data: dict[str, Any]) -> Wanted:
    """Return what a loaded look-up leads to."""
    written = Written(**data["reference"]) if "reference" in data else None
    return Wanted(written, data.get("certificate"), data.get("parcel_id"))


class _Crs(fields.Field[Served]):
    """A coordinate reference system that the map serves, by its URI."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Served:
        del attr, data, kwargs
        found = served(value) if isinstance(value, str) else None
        if found is None:
            raise fail("crs")
        return found


def _check_numbers(value: str) -> None:
    parts = value.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise fail("bbox") from None
    # Not-a-number fails every comparison, the infinite only the outer ones.
    if not (-math.inf < west <= east < math.inf and -math.inf < south <= north < math.inf):
        raise fail("bbox")


def _check_limit(value: int) -> None:
    if value < 1:
        raise fail("too_few")
    if value > LARGEST_PAGE:
        raise fail("too_many")


_CRS_ABOUT = (
    "URI, mặc định CRS84; có CRS84, EPSG 4326 (vĩ độ trước), 3857, 9210, 5899 / URI, CRS84 by"
    " default; 4326 has the latitude first."
)


class ParcelMap(StrictSchema):
    """A page of the map."""

    bbox = fields.String(
        required=True,
        validate=_check_numbers,
        metadata={"description": "Bốn số, cách nhau bằng dấu phẩy / four numbers: west,south,…"},
    )
    bbox_crs = _Crs(data_key="bbox-crs", load_default=DEFAULT, metadata={"description": _CRS_ABOUT})
    crs = _Crs(load_default=DEFAULT, metadata={"description": _CRS_ABOUT})
    limit = fields.Integer(load_default=100, validate=_check_limit)
    cursor = fields.UUID(metadata={"description": "Như trong liên kết next / as in the next link."})


def map_query(data: dict[str, Any]) -> MapQuery:
    """Return what a loaded request of the map asks; raises ValidationError for a
    box that its system can't place.
    """
    corners = [float(part) for part in data["bbox"].split(",")]
    try:
        box = data["bbox_crs"].box_to_wgs84(corners)
    except ProjError:
        raise ValidationError({"bbox": ["bbox"]}) from None
    cursor = data.get("cursor")
    return MapQuery(box, data["crs"], data["limit"], str(cursor) if cursor else None)


class ParcelAnswer(Schema):
    """One parcel: its id and the requested attributes."""

    id = fields.UUID(required=True)

    class Meta:
        """Attributes beside the id are those of the catalogue."""

        unknown = "include"


class ParcelsAnswer(Schema):
    """Parcels that a citizen holds."""

    parcels = fields.List(fields.Nested(ParcelAnswer), required=True)


class ParcelLineage(Schema):
    """Parcels tied by splits, merges and renumberings, and those events by record ids."""

    id = fields.UUID(required=True)
    parcels = fields.List(fields.Nested(ParcelAnswer), required=True)
    events = fields.List(fields.Dict(), required=True)


class ParcelFeatures(Schema):
    """Outlines and plain facts of parcels (RFC 7946)."""

    type = fields.String(required=True, validate=validate.OneOf(["FeatureCollection"]))
    time_stamp = fields.AwareDateTime(required=True, data_key="timeStamp")
    number_returned = fields.Integer(required=True, data_key="numberReturned")
    links = fields.List(fields.Dict(), required=True)
    features = fields.List(fields.Dict(), required=True)
