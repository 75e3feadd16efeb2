"""The offline base map: small, complete, and asking nobody for anything."""

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from geo.prepare.style import DAY, FOLDER, NIGHT, style

TILES = FOLDER / "turkiye.pmtiles"
HEADER = struct.Struct("<7sB11Q4B")


def styles() -> dict[str, dict[str, Any]]:
    return {name: json.loads((FOLDER / f"style-{name}.json").read_text("utf-8")) for name in ("day", "night")}


def metadata() -> dict[str, Any]:
    raw = TILES.read_bytes()
    _, _, _, _, offset, length, *_ = HEADER.unpack_from(raw)
    found: dict[str, Any] = json.loads(gzip.decompress(raw[offset : offset + length]))
    return found


def test_the_tiles_are_pmtiles_version_3_under_the_size_promised() -> None:
    raw = TILES.read_bytes()
    assert raw[:8] == b"PMTiles\x03"
    assert len(raw) <= 1_400_000
    # Bytes 100 and 101 are the first and the last zoom.
    assert (raw[100], raw[101]) == (3, 8)


def test_every_layer_a_style_draws_is_in_the_tiles() -> None:
    there = {layer["id"] for layer in metadata()["vector_layers"]}
    for document in styles().values():
        assert {layer["source-layer"] for layer in document["layers"] if layer["type"] != "background"} <= there
    assert {"province", "district", "border", "land", "lake", "label"} <= there


def test_all_provinces_and_districts_reached_the_tiles() -> None:
    count = {layer["layer"]: layer["count"] for layer in metadata()["tilestats"]["layers"]}
    assert count["province"] == 81
    assert count["district"] == 973


def test_provinces_carry_their_code_so_that_the_map_can_single_one_out() -> None:
    fields = {layer["id"]: layer["fields"] for layer in metadata()["vector_layers"]}
    assert fields["province"] == {"code": "Number", "name": "String"}
    assert fields["district"] == {"id": "Number", "name": "String", "province": "Number"}


@pytest.mark.parametrize("name", ["day", "night"])
def test_a_style_reaches_for_nothing_outside_this_site(name: str) -> None:
    document = styles()[name]
    assert "glyphs" not in document
    assert "sprite" not in document
    assert [source["url"] for source in document["sources"].values()] == ["pmtiles:///basemap/turkiye.pmtiles"]
    assert "http" not in json.dumps(document)


@pytest.mark.parametrize("name", ["day", "night"])
def test_the_attribution_that_the_licences_ask_for_is_shown(name: str) -> None:
    attribution = styles()[name]["sources"]["basemap"]["attribution"]
    assert all(owner in attribution for owner in ("OCHA", "HGM", "Natural Earth", "GeoNames"))


def test_day_and_night_differ_in_colour_only() -> None:
    def shape_of(document: dict[str, Any]) -> list[object]:
        return [(layer["id"], layer.get("filter"), layer.get("layout"), layer.get("minzoom")) for layer in document["layers"]]

    day, night = styles()["day"], styles()["night"]
    assert shape_of(day) == shape_of(night)
    assert day["layers"] != night["layers"]


def test_the_committed_styles_are_what_the_script_writes() -> None:
    assert styles() == {"day": style("merkez-day", DAY), "night": style("merkez-night", NIGHT)}


@pytest.mark.parametrize("palette", [DAY, NIGHT])
def test_names_stand_out_from_the_land_as_wcag_aa_asks(palette: object) -> None:
    from geo.prepare.style import Palette

    assert isinstance(palette, Palette)
    assert contrast(palette.name, palette.land) >= 7
    assert contrast(palette.name_small, palette.land) >= 4.5


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_licence_stands_beside_the_tiles() -> None:
    text = (Path(FOLDER) / "LICENCE.md").read_text("utf-8")
    assert "GeoNames" in text
    assert "CC BY 4.0" in text


def test_the_tiles_tell_nothing_about_the_machine_that_made_them() -> None:
    made_by = str(metadata()["generator_options"])
    assert made_by.startswith("tippecanoe ")
    assert "/" not in made_by.replace("COD-AB / HGM", "")
