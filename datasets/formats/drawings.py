"""Drawings (DXF) to parcels: the lines of one layer are outlines, the texts inside are numbers."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import shapely

from datasets.formats.geo import GEOMETRY, SRID
from datasets.formats.options import Options
from datasets.formats.rows import Row, question, refusal
from registry.kernel.errors import Text

LARGEST_DRAWING = 32 << 20
NUMBER = "number"
_LINES = frozenset({"LWPOLYLINE", "POLYLINE", "HATCH"})
_TEXTS = frozenset({"TEXT", "MTEXT"})
_SAG = 0.01
"""How far a drawn arc may be from the line that stands for it, in units of the drawing (metres)."""
_CORNERS = 3

_NO_LIBRARY = Text(
    "Máy này chưa đọc được DXF: pip install -r requirements/geo.txt",
    "This installation can't read DXF: pip install -r requirements/geo.txt",
)
_BROKEN = Text(
    "Bản vẽ DXF không đọc được: hãy xuất lại dạng DXF 2010.",
    "The DXF drawing can't be read: export it anew as DXF 2010.",
)
_TOO_LARGE = Text(
    "Bản vẽ lớn quá 32 MiB: hãy tách theo tờ.", "The drawing is over 32 MiB: split it by sheet."
)
_CRS = Text(
    "Hãy cho biết hệ tọa độ (mã EPSG): DXF không ghi.",
    "Say the coordinate system (EPSG code): DXF has none.",
)
_NO_LAYER = Text("Bản vẽ không có lớp đường bao nào.", "The drawing has no layer with outlines.")
_LAYER = Text("Bản vẽ có nhiều lớp đường: hãy chọn.", "The drawing has several layers: choose.")
_TEXT_LAYER = Text(
    "Bản vẽ có nhiều lớp chữ: hãy chọn lớp số thửa.",
    "Several layers have texts: choose the one with the numbers.",
)


class Drawing:
    """An open drawing: its layers, outlines and texts."""

    def __init__(self, path: Path) -> None:
        self._library = _library()
        if path.stat().st_size > LARGEST_DRAWING:
            raise refusal("drawing_too_large", _TOO_LARGE)
        try:
            self._entities = list(self._library.readfile(path).modelspace())
        except Exception:
            raise refusal("drawing_broken", _BROKEN) from None

    def layers(self, kinds: frozenset[str] = _LINES) -> dict[str, int]:
        """Return the layers with outlines and how many, the largest first."""
        found = Counter(
            str(entity.dxf.layer) for entity in self._entities if entity.dxftype() in kinds
        )
        return dict(found.most_common())

    def text_layers(self) -> dict[str, int]:
        """Return the layers with texts, as `layers`."""
        return self.layers(_TEXTS)

    def rings(self, layer: str) -> Iterator[list[tuple[float, float]] | None]:
        """Yield the corners of each outline as drawn, None for what is more than one ring."""
        for entity in self._entities:
            if entity.dxftype() in _LINES and entity.dxf.layer == layer:
                yield self._ring(entity)

    def texts(self, layer: str | None) -> Iterator[tuple[str, tuple[float, float]]]:
        """Yield the texts of a layer and where they are put."""
        for entity in self._entities:
            if entity.dxftype() in _TEXTS and entity.dxf.layer == layer:
                if entity.dxftype() == "TEXT":
                    # What is not aligned to the left has a point of its own for its place.
                    _, point, _ = entity.get_placement()
                    point = entity.ocs().to_wcs(point)
                else:
                    point = entity.dxf.insert
                yield entity.plain_text().strip(), (point.x, point.y)

    def _ring(self, entity: Any) -> list[tuple[float, float]] | None:
        try:
            if entity.dxftype() == "HATCH":
                [path] = self._library.path.from_hatch(entity)
            else:
                path = self._library.path.make_path(entity)
            return [(point.x, point.y) for point in path.flattening(_SAG)]
        except (self._library.DXFError, ValueError, TypeError):
            return None


def _library() -> Any:
    try:
        import ezdxf.path  # noqa: PLC0415 - an extra: only who reads drawings needs it
    except ImportError:
        raise refusal("library_missing", _NO_LIBRARY) from None
    return ezdxf


def read_drawing(path: Path, options: Options) -> Iterator[Row]:
    """Yield the outlines of one layer of a DXF drawing; the first is row 1.

    `NUMBER` is the one text inside the outline and in none that is smaller; several or none are
    noted. Lines that are not closed stay so. Raises Invalid, before any row, for a file that can't
    be read and for each question that it leaves open.
    """
    if options.crs is None:
        raise question("crs", "crs_missing", _CRS)
    drawing = Drawing(path)
    layer = _chosen(options.layer, list(drawing.layers()), "layer", _LAYER)
    if layer is None:
        raise refusal("layer_missing", _NO_LAYER)
    labels = _chosen(options.text_layer, list(drawing.text_layers()), "text_layer", _TEXT_LAYER)
    rings = list(drawing.rings(layer))
    inside = _inside(rings, list(drawing.texts(labels)))
    for line, (ring, texts) in enumerate(zip(rings, inside, strict=True), 1):
        cells = {SRID: str(options.crs)}
        notes = []
        if ring is None:
            notes.append(("dxf_ring_complex", GEOMETRY))
        else:
            cells[GEOMETRY] = _wkb(ring).hex()
        if len(texts) == 1:
            cells[NUMBER] = texts[0]
        else:
            rule = "dxf_number_repeated" if texts else "dxf_number_missing"
            notes.append((rule, NUMBER))
        yield Row(line, cells, part=layer, notes=tuple(notes))


def _chosen(told: str | None, found: list[str], option: str, text: Text) -> str | None:
    """Return the layer that is told or the only one; raises Invalid where that is open."""
    if told is not None and told in found:
        return told
    if len(found) > 1 or told is not None:
        raise question(option, f"{option}_open", text, found)
    return found[0] if found else None


def _inside(
    rings: Sequence[Sequence[tuple[float, float]] | None],
    texts: Sequence[tuple[str, tuple[float, float]]],
) -> list[list[str]]:
    """Return the texts of each ring: each text is of the smallest ring that it stands in."""
    shapes = [
        shapely.Polygon(ring) if ring and len(ring) > _CORNERS else shapely.Polygon()
        for ring in rings
    ]
    inside: list[list[str]] = [[] for _ in rings]
    tree = shapely.STRtree(shapes)
    for text, point in texts:
        around = tree.query(shapely.Point(point), predicate="intersects")
        if text and len(around):
            inside[min(around, key=lambda at: shapes[at].area)].append(text)
    return inside


def _wkb(ring: Sequence[tuple[float, float]]) -> bytes:
    """Return a polygon in WKB (OGC 06-103r4) with the ring as drawn: a library would close it."""
    points = b"".join(struct.pack("<dd", *point) for point in ring)
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + points
