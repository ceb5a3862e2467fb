"""A sketch of parcels as an SVG picture, from their outlines alone: no tiles, no script (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

_SIDE, _MARGIN = 320.0, 24.0
_METRES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
Ring = Sequence[Sequence[float]]


def sketch(parcels: Sequence[tuple[str, Any]]) -> str:
    """Return a picture of parcels, each its name and GeoJSON coordinates in metres, north upwards.

    Raises ValueError where none of them has an outline.
    """
    drawn = [(name, list(_rings(coordinates))) for name, coordinates in parcels]
    points = [point for _, rings in drawn for ring in rings for point in ring]
    if not points:
        raise ValueError("nothing to draw")
    west, south = (min(point[axis] for point in points) for axis in (0, 1))
    east, north = (max(point[axis] for point in points) for axis in (0, 1))
    scale = (_SIDE - 2 * _MARGIN) / max(east - west, north - south, 1.0)
    height = (north - south) * scale + 2 * _MARGIN + 20

    def place(point: Sequence[float]) -> tuple[float, float]:
        return _MARGIN + (point[0] - west) * scale, _MARGIN + (north - point[1]) * scale

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE:.0f} {height:.0f}"'
        ' font-family="sans-serif" font-size="14">',
        f'<rect width="{_SIDE:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for name, rings in drawn:
        path = " ".join(_path(map(place, ring)) for ring in rings)
        lines.append(
            f'<path d="{path}" fill="#e9f3ec" stroke="#1d6238" stroke-width="2"'
            ' fill-rule="evenodd" stroke-linejoin="round"/>'
        )
        if rings:
            spots = [place(point) for point in rings[0]]
            x = (min(spot[0] for spot in spots) + max(spot[0] for spot in spots)) / 2
            y = (min(spot[1] for spot in spots) + max(spot[1] for spot in spots)) / 2
            text = f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="#1b2127">'
            lines.append(f"{text}{escape(name)}</text>")
    lines += _measure(scale, height)
    return "\n".join([*lines, "</svg>", ""])


def _rings(coordinates: Any) -> Iterator[Ring]:
    """Yield the rings of a polygon or of several; anything else has none."""
    if not isinstance(coordinates, list | tuple) or not coordinates:
        return
    first = coordinates[0]
    while isinstance(first, list | tuple) and first and isinstance(first[0], list | tuple):
        if first[0] and isinstance(first[0][0], int | float):
            yield from coordinates
            return
        for each in coordinates:
            yield from _rings(each)
        return


def _path(spots: Iterable[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in spots) + " Z"


def _measure(scale: float, height: float) -> list[str]:
    """Return a bar of a round number of metres, about a quarter of the width."""
    metres = next((each for each in reversed(_METRES) if each * scale <= _SIDE / 3), _METRES[0])
    end, y = _MARGIN + metres * scale, height - 14
    return [
        f'<path d="M{_MARGIN} {y - 4:.1f} V{y:.1f} H{end:.1f} V{y - 4:.1f}" fill="none"'
        ' stroke="#1b2127"/>',
        f'<text x="{end + 6:.1f}" y="{y:.1f}" fill="#1b2127">{metres} m</text>',
    ]
