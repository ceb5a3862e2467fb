"""The map of parcels: five coordinate systems, pages, and nobody's name."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.parcels import (
    AROUND,
    LAND,
    agree,
    change,
    get,
    load,
)


@pytest.fixture
def land(service: Service) -> Service:
    return agree(service)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bbox=1,2,3",
        "bbox=3,2,1,4",
        "bbox=nan,2,3,4",
        f"bbox={AROUND}&crs=EPSG:2154",
        f"bbox={AROUND}&bbox-crs=nonsense",
        f"bbox={AROUND}&datetime=2020",
        f"bbox={AROUND}&cursor=0198c0de-0000-7000-8000-000000000001",
        "bbox=1e300,1e300,2e300,2e300&bbox-crs=EPSG:9210",
        f"bbox={AROUND}&limit=0",
        "bbox=1,2,3,inf",
    ],
)
def test_the_map_refuses_what_it_does_not_understand(land: Service, query: str) -> None:
    assert get(land, f"/v1/parcels?{query}", 400)["code"] == "malformed"


def test_the_map_pages_and_speaks_every_served_system(land: Service) -> None:
    load(land, *(change(f"T-{n}", number=str(n), column=n) for n in range(5)))
    first = get(land, f"/v1/parcels?bbox={AROUND}&limit=3")
    assert (first["numberReturned"], first["features"][0]["properties"]["state"]["code"]) == (
        3,
        "active",
    )
    [following] = [link["href"] for link in first["links"] if link["rel"] == "next"]
    rest = get(land, following.removeprefix("http://127.0.0.1:8000"))
    assert [link["rel"] for link in rest["links"]] == ["self"]
    seen = [f["properties"]["reference"]["number"] for f in first["features"] + rest["features"]]
    assert seen == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("crs", "corner"),
    [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", (106.6948, 10.7791)),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", (10.7791, 106.6948)),
        ("http://www.opengis.net/def/crs/EPSG/0/9210", (603020.0, 1192000.0)),
        ("http://www.opengis.net/def/crs/EPSG/0/5899", (384600.0, 1192000.0)),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", (11877200.0, 1207200.0)),
    ],
)
def test_the_map_draws_in_the_system_asked_for(
    land: Service, crs: str, corner: tuple[float, float]
) -> None:
    load(land, change(), change("FAR", number="2", column=900))
    answer = land.call("GET", f"/v1/parcels?bbox={AROUND}&crs={crs}", headers=LAND)
    assert answer.headers["Content-Crs"] == f"<{crs}>"
    assert answer.mimetype == "application/geo+json"
    ring = answer.get_json(force=True)["features"][0]["geometry"]["coordinates"][0]
    x, y = ring[0]
    near = abs(corner[0]) / 1000
    assert (abs(x - corner[0]) < near, abs(y - corner[1]) < near) == (True, True), ring
    # The same corner as a box of that system finds the one parcel and not the far one.
    side = 0.00002 if abs(x) < 1000 else 2
    box = ",".join(repr(v) for v in (x - side, y - side, x + side, y + side))
    found = get(land, f"/v1/parcels?bbox={box}&bbox-crs={crs}")
    assert [f["properties"]["reference"]["number"] for f in found["features"]] == ["1"]
