"""Writes the two MapLibre styles of the base map: one drawing, two palettes, so that day and night can never drift apart.

    python -m geo.prepare.style

The map must stay quiet: what matters on it are teams and incidents, drawn above by map-ui. No glyph files: text is drawn from the
page's fonts.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "map-ui" / "public" / "basemap"
#: Whatever of these the console has; none is fetched. The page may ship the first one.
FONTS = ["Noto Sans", "DejaVu Sans", "Liberation Sans", "Arial"]
SOURCE = {
    "type": "vector",
    "url": "pmtiles:///basemap/turkiye.pmtiles",
    "attribution": "İdari sınırlar: OCHA COD-AB / HGM · Natural Earth · GeoNames",
}
Layer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one time of day."""

    sea: str
    abroad: str
    land: str
    lake: str
    coast: str
    country: str
    province: str
    district: str
    name: str
    name_small: str
    name_sea: str
    halo: str


DAY = Palette(
    sea="#cfdde6",
    abroad="#e6e7e4",
    land="#f7f6f2",
    lake="#cfdde6",
    coast="#9fb6c4",
    country="#7d838c",
    province="#a9adb3",
    district="#d3d4d3",
    name="#2f3742",
    name_small="#6a7079",
    name_sea="#6f8fa3",
    halo="#f7f6f2",
)
NIGHT = Palette(
    sea="#0b1219",
    abroad="#111920",
    land="#1a232d",
    lake="#0b1219",
    coast="#2b4152",
    country="#63707d",
    province="#3d4a57",
    district="#2c3844",
    name="#c9d2db",
    name_small="#8593a0",
    name_sea="#54728a",
    halo="#0f161d",
)


def by_zoom(*stops: tuple[float, float]) -> list[object]:
    """Return a value that grows smoothly from stop to stop (zoom, value)."""
    return ["interpolate", ["linear"], ["zoom"], *(part for stop in stops for part in stop)]


def fill(name: str, layer: str, colour: str) -> Layer:
    """Return a plain area."""
    return {"id": name, "type": "fill", "source": "basemap", "source-layer": layer, "paint": {"fill-color": colour}}


def line(kind: str, colour: str, width: list[object], first: float = 0, dash: list[float] | None = None) -> Layer:
    """Return one kind of border."""
    paint: Layer = {"line-color": colour, "line-width": width}
    if dash:
        paint["line-dasharray"] = dash
    return {
        "id": f"border-{kind}",
        "type": "line",
        "source": "basemap",
        "source-layer": "border",
        "minzoom": first,
        "filter": ["==", ["get", "kind"], kind],
        "layout": {"line-join": "round", "line-cap": "butt" if dash else "round"},
        "paint": paint,
    }


def text(kind: str, colour: str, size: list[object], halo: str, first: float, **layout: object) -> Layer:
    """Return one kind of name."""
    return {
        "id": f"label-{kind}",
        "type": "symbol",
        "source": "basemap",
        "source-layer": "label",
        "minzoom": first,
        "filter": ["==", ["get", "kind"], kind],
        "layout": {"text-field": ["get", "name"], "text-font": FONTS, "text-size": size, "text-padding": 6, **layout},
        "paint": {"text-color": colour, "text-halo-color": halo, "text-halo-width": 1.4, "text-halo-blur": 0.4},
    }


def style(name: str, p: Palette) -> dict[str, Any]:
    """Return the whole style; map-ui may rely on the names of its layers to place its own below or above."""
    # Big towns win where names collide.
    big_first: dict[str, object] = {"symbol-sort-key": ["-", 0, ["get", "rank"]]}
    return {
        "version": 8,
        "name": name,
        "center": [35.2, 39.0],
        "zoom": 5.4,
        # For the map's maxBounds: beyond it the near tiles hold nothing.
        "metadata": {"merkez:max_bounds": [[21.0, 32.5], [49.0, 45.5]]},
        "sources": {"basemap": SOURCE},
        "layers": [
            {"id": "sea", "type": "background", "paint": {"background-color": p.sea}},
            fill("abroad", "land", p.abroad),
            fill("land", "province", p.land),
            fill("lake", "lake", p.lake),
            line("district", p.district, by_zoom((6, 0.4), (9, 0.9), (13, 1.6)), first=6.5),
            line("province", p.province, by_zoom((4, 0.5), (8, 1.2), (13, 2.4)), dash=[3, 2]),
            line("coast", p.coast, by_zoom((4, 0.5), (9, 1.0), (13, 1.6))),
            line("country", p.country, by_zoom((4, 0.9), (8, 1.8), (13, 3.0))),
            text("sea", p.name_sea, by_zoom((4, 11), (7, 15)), p.sea, 4, **{"text-letter-spacing": 0.15}),
            text("lake", p.name_sea, by_zoom((7, 10), (11, 13)), p.lake, 7.2),
            text("country", p.name_small, by_zoom((4, 11), (7, 15)), p.abroad, 4, **{"text-letter-spacing": 0.12}),
            text("town", p.name_small, by_zoom((9, 10), (13, 13)), p.halo, 9.2, **big_first),
            text("district", p.name_small, by_zoom((7.6, 10.5), (12, 14)), p.halo, 7.6),
            text("province", p.name, by_zoom((4.5, 10.5), (7, 13.5), (12, 19)), p.halo, 4.6, **big_first),
        ],
    }


def main() -> None:
    """Write both styles."""
    for name, palette in (("day", DAY), ("night", NIGHT)):
        document = json.dumps(style(f"merkez-{name}", palette), ensure_ascii=False, indent=1)
        (FOLDER / f"style-{name}.json").write_text(document + "\n", "utf-8")


if __name__ == "__main__":
    main()
