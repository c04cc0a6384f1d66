"""An OpenStreetMap extract of two streets, a bridge and a brownfield; as text and packed."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest

import geoplan
from geoplan.errors import InputError
from geoplan.spatial.network import street_network

EXTRACT = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="24.5000" lon="117.7000"/><node id="2" lat="24.5000" lon="117.7100"/>
 <node id="3" lat="24.4950" lon="117.7050"/><node id="4" lat="24.5050" lon="117.7050"/>
 <node id="5" lat="24.5010" lon="117.7010"/><node id="6" lat="24.5010" lon="117.7020"/>
 <node id="7" lat="24.5020" lon="117.7020"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="龙文路"/></way>
 <way id="11"><nd ref="3"/><nd ref="4"/><tag k="highway" v="footway"/><tag k="bridge" v="yes"/>
  <tag k="surface" v="says &quot;no&quot; to cars"/></way>
 <way id="12"><nd ref="3"/><nd ref="1"/><tag k="highway" v="primary"/><tag k="foot" v="no"/></way>
 <way id="13"><nd ref="1"/><nd ref="5"/><tag k="waterway" v="stream"/></way>
 <way id="20"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/><tag k="landuse" v="brownfield"/></way>
</osm>
"""
SOURCE = """
name: Two streets
landuse_version: mnr2023
crs: EPSG:4326
working_crs: EPSG:4548
layers:
  parcels:
    file: {file}
    layer: multipolygons
    columns: {{parcel_id: osm_way_id, use: {{from: landuse, values: {{brownfield: "2301"}}}}}}
  roads:
    file: {file}
    layer: lines
    only: {{highway: ["*"]}}
    columns:
      road_id: osm_id
      name: name
      road_class: {{from: highway, values: {{footway: greenway, "*": local}}}}
      is_walkable: {{first: [foot, highway], values: {{"no": false, "*": true}}}}
      is_bridge: {{from: bridge, values: {{"yes": true}}}}
      cross_section: surface
"""


def written(folder: Path, file: str) -> Path:
    raw = EXTRACT.encode("utf-8")
    (folder / file).write_bytes(bz2.compress(raw) if file.endswith("bz2") else raw)
    (folder / "park.yaml").write_text(SOURCE.format(file=file), encoding="utf-8")
    return folder / "park.yaml"


@pytest.mark.parametrize("file", ["town.osm", "town.osm.bz2"])
def test_tags_are_columns_whether_the_extract_is_packed_or_not(tmp_path: Path, file: str) -> None:
    park = geoplan.read_park(written(tmp_path, file))
    roads = park.layers["roads"]
    assert roads.index.tolist() == ["10", "11", "12"]
    assert roads["name"].tolist()[0] == "龙文路"
    assert roads["is_bridge"].fillna(value=False).tolist() == [False, True, False]
    assert roads["is_walkable"].tolist() == [True, True, False]
    assert roads["cross_section"].tolist()[1] == 'says "no" to cars'
    assert park.parcels["use"].tolist() == ["2301"]


def test_the_bridge_does_not_meet_the_street_below(tmp_path: Path) -> None:
    park = geoplan.read_park(written(tmp_path, "town.osm"))
    assert street_network(park.layers["roads"]).component.max() == 1


def test_rows_that_are_not_asked_for_are_counted(tmp_path: Path) -> None:
    park = geoplan.read_park(written(tmp_path, "town.osm"))
    told = [p.message.text("en") for p in park.problems if p.kind == "rows_not_asked"]
    assert told == ["roads: 1 rows of lines are not asked for by highway and left out; 3 are read"]


def test_a_row_filter_may_name_values(tmp_path: Path) -> None:
    path = written(tmp_path, "town.osm")
    text = path.read_text(encoding="utf-8").replace('["*"]', "[footway, primary]")
    path.write_text(text, encoding="utf-8")
    assert geoplan.read_park(path).layers["roads"].index.tolist() == ["11", "12"]


def test_a_column_to_filter_by_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "park.yaml"
    (tmp_path / "parcels.csv").write_text("id,use,wkt\n1,1001,POINT (0 0)\n", encoding="utf-8")
    path.write_text(
        "name: x\nlayers: {parcels: {file: parcels.csv, geometry: wkt, only: {kind: [a]}, "
        "columns: {parcel_id: id, use: use}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="kind"):
        geoplan.read_park(path)


def test_a_packed_extract_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "town.osm.bz2")
    file = tmp_path / "town.osm.bz2"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"town\.osm\.bz2 cannot be read"):
        geoplan.read_park(path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "streets", "walkable"), [("west_oakland", 31, 31), ("baltimore_port", 3841, 3640)]
)
def test_real_extracts_are_read_with_a_source_file_alone(
    data_root: Path, name: str, streets: int, walkable: int
) -> None:
    folder = Path(__file__).parents[2] / "data" / "gis" / "sources"
    park = geoplan.read_park(folder / f"{name}.yaml", data_root=data_root)
    roads = park.layers["roads"]
    assert (len(roads), int(roads["is_walkable"].sum())) == (streets, walkable)
    network = street_network(roads)
    assert (network.component == 0).sum() > 0.85 * len(network.xy)
