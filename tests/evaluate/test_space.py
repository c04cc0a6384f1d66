"""Clusters, pockets and ways to services: towns by pencil, a second way to each answer, and New York."""

from __future__ import annotations

import builtins
import itertools
from pathlib import Path
from random import Random
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from evaluated_towns import firms, ledger
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS, EAST, NORTH, block_of, park_of, places_of, square, street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import evaluate_park
from geoplan.evaluate.pockets import find_pockets
from geoplan.evaluate.services import service_distances
from geoplan.evaluate.space import find_clusters
from geoplan.io import read_park
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.schema import column, columns_of

PACKS = ["seed-practice", "space-assumed"]


def rules(**overrides: float) -> Rules:
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return load_rules(PACKS, overrides=named, overrides_source="test")


RULES = rules()


def told(parcels: gpd.GeoDataFrame, **asked: Any) -> pd.DataFrame:
    return pd.DataFrame(find_clusters(parcels, **({"rules": RULES, "column": "v"} | asked)).layer)


# ---- clusters


def poor_corner() -> gpd.GeoDataFrame:
    """Ten by ten squares: 1 in the south-west corner of four by four, 9 elsewhere, and one 9 amid the poor."""
    low = [[x < 4 and y < 4 and (x, y) != (1, 1) for x in range(10)] for y in range(10)]
    return block_of(10, 10, v=np.where(np.ravel(low), 1.0, 9.0))


def test_low_among_low_is_a_cluster_and_the_rich_one_amid_them_is_odd() -> None:
    found = told(poor_corner(), neighbours="border")["cluster"]
    assert found["P1"] == "low_low"  # the corner: both neighbours are poor
    assert found["P12"] == "high_low"  # second column, second row
    assert found["P100"] == "none"  # rich among rich, as most are: chance does the same
    assert found["P2"] == "none"  # its three neighbours are poor, poor and rich


def test_local_i_is_the_one_of_the_formula() -> None:
    # four in a street, 0 0 0 4: mean 1, deviations -1 -1 -1 3, squares 12; I = 3 z_i lag_i / 12
    found = told(street_of(4, v=[0.0, 0.0, 0.0, 4.0]), neighbours="border")
    assert found["local_i"].tolist() == pytest.approx([0.25, 0.25, -0.25, -0.75])
    assert found["neighbour_count"].tolist() == [1, 2, 2, 1]


def test_the_p_value_is_that_of_all_permutations() -> None:
    """Each way to deal the other values to the neighbours, against the drawn ones."""
    values = [1.0, 2.0, 7.0, 4.0, 9.0, 3.0]
    found = told(
        street_of(6, v=values), neighbours="border", rules=rules(clusters__permutations=9999)
    )
    z = np.array(values) - np.mean(values)
    for row in range(6):
        beside = [n for n in (row - 1, row + 1) if 0 <= n < 6]
        own = z[row] * np.mean(z[beside])
        others = np.delete(z, row)
        dealt = z[row] * np.array(
            [np.mean(hand) for hand in itertools.permutations(others, len(beside))]
        )
        tail = min((dealt >= own - 1e-9).mean(), (dealt <= own + 1e-9).mean())
        assert found["p_value"].iloc[row] == pytest.approx(min(1.0, 2 * tail), abs=0.02)


def test_the_same_seed_gives_the_same_answer_and_the_order_of_rows_does_not_matter() -> None:
    town = poor_corner()
    mixed = town.sample(frac=1.0, random_state=3)
    one, other = told(town, seed=5), told(mixed, seed=5)
    pd.testing.assert_frame_equal(one, other.loc[town.index])
    assert other.index.tolist() == mixed.index.tolist()
    assert not one["p_value"].equals(told(town, seed=6)["p_value"])


def test_the_random_numbers_of_others_are_left_alone() -> None:
    np.random.seed(1)  # noqa: NPY002  (the generator that all share)
    first = np.random.random(3)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002  (the generator that all share)
    told(poor_corner(), seed=9)
    assert np.random.random(3).tolist() == first.tolist()  # noqa: NPY002


def test_unknown_values_take_no_part_and_islands_are_told() -> None:
    far = gpd.GeoDataFrame({"v": [5.0]}, geometry=[square(40)], crs=CRS, index=["far"])
    town = pd.concat([street_of(4, v=[1.0, np.nan, 2.0, 3.0]), far])
    town.loc["P4", "geometry"] = shapely.Polygon()
    found = find_clusters(town, rules=RULES, column="v")
    assert found.layer["cluster"].tolist() == [
        "isolated",
        "unknown",
        "isolated",
        "unknown",
        "isolated",
    ]
    assert found.layer["local_i"].isna().all()
    assert [message.key for message in found.messages] == [
        "space.clusters_untold",
        "space.clusters_left",
    ]


@pytest.mark.parametrize(
    "town", [street_of(0, v=[]), street_of(2, v=[1.0, 2.0]), street_of(5, v=3.0)]
)
def test_too_few_or_equal_values_tell_nothing(town: gpd.GeoDataFrame) -> None:
    found = told(town)
    assert found["cluster"].tolist() == ["unknown"] * len(town)
    assert found["p_value"].isna().all()


def test_a_street_apart_is_a_neighbour_up_to_the_stated_width() -> None:
    shapes = [square(0), square(1.4), square(2.81)]  # 40 m and 41 m between them
    town = gpd.GeoDataFrame({"v": [1.0, 2.0, 4.0]}, geometry=shapes, crs=CRS, index=["A", "B", "C"])
    assert told(town)["neighbour_count"].tolist() == [1, 1, 0]
    assert told(town, neighbours="border")["neighbour_count"].tolist() == [0, 0, 0]


def test_a_wrong_question_names_the_nearest() -> None:
    with pytest.raises(ScenarioError) as caught:
        find_clusters(street_of(3, value=1.0), rules=RULES, column="valeu", neighbours="distnace")
    assert "nearest is distance" in str(caught.value)
    assert "nearest is value" in str(caught.value)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("esda"):
            raise ModuleNotFoundError(name, name="esda")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(
        ScenarioError, match=r"extra space, of which esda is missing: install geoplan\[space\]"
    ):
        told(poor_corner())


# ---- pockets


def judged(parcels: gpd.GeoDataFrame, flagged: str) -> Evaluation:
    """An evaluation whose test says yes (x), no (.) or unknown (?), letter by letter."""
    verdict = [{"x": "yes", ".": "no", "?": "unknown"}[letter] for letter in flagged]
    return Evaluation(
        parcels=parcels.assign(vacant=verdict, area_m2=parcels.area),
        findings=pd.DataFrame(),
        averages=pd.DataFrame({"year": pd.Series(dtype="Int64")}),
        left_out=(),
        measure="output_amount",
    )


def pockets_of(parcels: gpd.GeoDataFrame, letters: str, **asked: Any) -> list[str]:
    layers = asked.pop("layers", {})
    found = find_pockets(
        park_of(parcels, **layers), judged(parcels, letters), **({"rules": RULES} | asked)
    )
    return found.layer["parcel_ids"].tolist()


def at(*columns: float, **values: Any) -> gpd.GeoDataFrame:
    ids = [f"P{n + 1}" for n in range(len(columns))]
    table = {"use": "100102"} | values
    return gpd.GeoDataFrame(table, geometry=[square(c) for c in columns], crs=CRS, index=ids)


def test_flagged_parcels_side_by_side_are_one_pocket_the_largest_first() -> None:
    town = street_of(7)
    found = find_pockets(park_of(town), judged(town, "x.xxx?x"), rules=RULES)
    assert found.layer.index.tolist() == ["K1", "K2", "K3"]
    assert found.layer["parcel_ids"].tolist() == ["P3; P4; P5", "P1", "P7"]  # ties by the lowest id
    assert found.layer["area_m2"].tolist() == [30_000.0, 10_000.0, 10_000.0]
    # three squares in a row: 4 pi 3 / 8^2; one: pi / 4
    assert found.layer["compactness_ratio"].tolist() == pytest.approx(
        [0.589, 0.785, 0.785], abs=1e-3
    )
    assert found.pocket_of.fillna("").tolist() == ["K2", "", "K1", "K1", "K1", "", "K3"]
    assert found.messages[1].text("en").endswith("they are in no pocket: 1")


def test_a_pocket_that_just_reaches_the_least_size_stays_and_a_smaller_one_is_counted() -> None:
    town = street_of(3)  # 15 mu each
    assert pockets_of(town, "x..", rules=rules(pockets__min_area_mu=15)) == ["P1"]
    small = find_pockets(park_of(town), judged(town, "x.."), rules=rules(pockets__min_area_mu=15.1))
    assert small.layer.empty
    assert list(small.layer.columns) == [
        "area_m2",
        "parcel_count",
        "firm_count",
        "compactness_ratio",
        "parcel_ids",
        "geometry",
    ]
    assert "smaller ones: 1, together 15.0 mu" in small.messages[0].text("en")


def test_a_corner_is_no_border() -> None:
    assert pockets_of(block_of(2, 2), "x..x") == ["P1", "P4"]
    assert pockets_of(block_of(2, 2), "xx.x") == ["P1; P2; P4"]
    assert pockets_of(block_of(2, 2).iloc[[0, 3]], "xx") == ["P1", "P4"]  # nothing around them


def test_a_gap_is_bridged_up_to_the_width_of_a_street() -> None:
    assert pockets_of(at(0, 1.24), "xx") == ["P1; P2"]  # 24 m
    assert pockets_of(at(0, 1.2401), "xx") == ["P1", "P2"]


def test_land_of_others_or_water_in_the_gap_parts_but_a_road_parcel_joins() -> None:
    strip = shapely.box(EAST + 100, NORTH, EAST + 120, NORTH + 100)
    town = at(0, 1.2, 0, use=["100102", "100102", "0901"])
    town.loc["P3", "geometry"] = strip
    assert pockets_of(town, "xx.") == ["P1", "P2"]
    assert pockets_of(town.assign(use=["100102", "100102", "1207"]), "xx.") == ["P1; P2"]
    canal = places_of(
        "water", shapely.LineString([(EAST + 110, NORTH - 5), (EAST + 110, NORTH + 105)])
    )
    assert pockets_of(at(0, 1.2), "xx", layers={"water": canal}) == ["P1", "P2"]


def test_land_that_only_lies_along_the_gap_does_not_part() -> None:
    town = at(0, 1.2, 0, 0)
    town.loc["P3", "geometry"] = shapely.box(EAST, NORTH + 100, EAST + 300, NORTH + 200)
    town.loc["P4", "geometry"] = shapely.box(EAST, NORTH - 100, EAST + 300, NORTH)
    assert pockets_of(town, "xx..") == ["P1; P2"]


def test_firms_of_a_pocket_count_once_and_only_those_still_there() -> None:
    town = street_of(3)
    links = ledger(
        ("A", "P1", "owner"), ("A", "P2", "owner"), ("B", "P2", "tenant"), ("C", "P3", "owner")
    )
    park = park_of(town, enterprises=firms(A="normal", B="normal", C="normal"), occupancy=links)
    assert find_pockets(park, judged(town, "xx."), rules=RULES).layer["firm_count"].tolist() == [2]
    left = links.assign(to_date=[None, None, "2023-05-01", None])
    gone = judged(town, "xx.")
    gone = Evaluation(
        parcels=gone.parcels,
        findings=gone.findings,
        left_out=(),
        measure="output_amount",
        averages=pd.DataFrame({"year": [2024]}),
    )
    assert find_pockets(park.with_layers(occupancy=left), gone, rules=RULES).layer[
        "firm_count"
    ].tolist() == [1]
    assert (
        find_pockets(park_of(town), judged(town, "xx."), rules=RULES)
        .layer["firm_count"]
        .isna()
        .all()
    )


def test_which_parcels_count_as_flagged_can_be_told() -> None:
    town = street_of(4)
    own = pd.Series([True, True], index=["P4", "P3"])
    assert pockets_of(town, "x...", flagged=own) == ["P3; P4"]


@settings(max_examples=40)
@given(st.text("x.", min_size=16, max_size=16), st.randoms(use_true_random=False))
def test_pockets_on_a_chessboard_are_the_parts_of_its_graph(flagged: str, random: Random) -> None:
    board, graph = block_of(4, 4), nx.grid_2d_graph(4, 4)
    named = {(x, y): f"P{4 * y + x + 1}" for x, y in graph}
    part = graph.subgraph(
        place for place, name in named.items() if flagged[int(name[1:]) - 1] == "x"
    )
    expected = {
        frozenset(named[place] for place in places) for places in nx.connected_components(part)
    }
    order = random.sample(range(16), 16)
    found = pockets_of(board.iloc[order], "".join(flagged[i] for i in order))
    assert {frozenset(ids.split("; ")) for ids in found} == expected


# ---- services


def services_town(**columns: Any) -> Park:
    """Three squares on a street along their southern edge; a clinic and two markets."""
    points = [
        shapely.Point(EAST + 350, NORTH + 50),
        shapely.Point(EAST - 200, NORTH),
        shapely.Point(EAST + 500, NORTH),
    ]
    facilities = gpd.GeoDataFrame(
        {"kind": ["clinic", "market", "market"], "name": ["K", "W", "E"], **columns},
        geometry=points, crs=CRS, index=pd.Index(["F1", "F2", "F3"], name="facility_id"),
    )  # fmt: skip
    street = gpd.GeoDataFrame(
        {"road_class": "local"},
        geometry=[shapely.LineString([(EAST - 300, NORTH - 10), (EAST + 600, NORTH - 10)])],
        crs=CRS, index=pd.Index(["R1"], name="road_id"),
    )  # fmt: skip
    return park_of(street_of(3), facilities=facilities, roads=street)


def rows_of(park: Park, kind: str, **overrides: float) -> pd.DataFrame:
    layer = service_distances(park, rules=rules(**overrides)).layer
    return pd.DataFrame(layer[layer["kind"] == kind]).set_index("parcel_id")


def test_the_nearest_of_each_kind_is_told_straight_and_along_the_street() -> None:
    clinic = rows_of(services_town(), "clinic")
    # P3 ends at 300: 50 m straight; 10 to the street, then along it, then 60 to the clinic
    assert clinic["straight_m"].tolist() == [250.0, 150.0, 50.0]
    walks = clinic["walk_m"].to_numpy()
    assert (walks >= clinic["straight_m"].to_numpy()).all()
    assert walks[2] <= 10 + 350 + 60
    market = rows_of(services_town(), "market")
    assert market["straight_m"].tolist() == [200.0, 300.0, 200.0]
    assert market["facility_id"].tolist()[::2] == ["F2", "F3"]
    assert market["facility_name"].tolist()[::2] == ["W", "E"]


def test_just_as_far_is_near_enough_and_a_step_more_is_not() -> None:
    park = services_town()
    walk = float(rows_of(park, "clinic")["walk_m"]["P1"])
    assert rows_of(park, "clinic", services__clinic=walk)["is_near"]["P1"] == "yes"
    assert rows_of(park, "clinic", services__clinic=walk - 0.01)["is_near"]["P1"] == "no"


def test_without_streets_a_straight_line_can_only_say_no() -> None:
    town = services_town()
    bare = Park(name=town.name, layers={k: v for k, v in town.layers.items() if k != "roads"})
    rows = rows_of(bare, "clinic", services__clinic=150)
    assert rows["is_near"].tolist() == ["no", "unknown", "unknown"]
    assert rows["walk_m"].isna().all()
    assert rows_of(bare, "market")["facility_id"].tolist() == [
        "F2",
        "F2",
        "F3",
    ]  # 300 m both: the lower id


def test_what_is_planned_does_not_count_and_is_said() -> None:
    park = services_town(status=["existing", "planned", "candidate"])
    found = service_distances(park, rules=RULES)
    assert found.layer["kind"].unique().tolist() == ["clinic"]
    assert "do not count yet: 2" in " ".join(map(str, found.messages))
    assert "no facility of these kinds is in the layer: bus_stop" in " ".join(
        map(str, found.messages)
    )


def test_a_kind_without_a_number_is_unknown() -> None:
    park = services_town()
    park = park.with_layers(facilities=park.layers["facilities"].assign(kind="cinema"))
    found = service_distances(park, rules=RULES)
    assert set(found.layer["is_near"]) == {"unknown"}
    assert found.layer["max_m"].isna().all()
    assert "no distance for: cinema" in " ".join(map(str, found.messages))


def test_on_the_spot_is_no_way_at_all_and_a_street_apart_leads_nowhere() -> None:
    park = services_town()
    inside = park.layers["facilities"].assign(geometry=[shapely.Point(EAST + 50, NORTH + 50)] * 3)
    assert rows_of(park.with_layers(facilities=inside), "clinic")["walk_m"]["P1"] == 0.0
    streets = gpd.GeoDataFrame(
        {"road_class": "local"},
        geometry=[
            shapely.LineString([(EAST, NORTH - 10), (EAST + 300, NORTH - 10)]),
            shapely.LineString([(EAST + 340, NORTH + 40), (EAST + 340, NORTH + 60)]),
        ],
        crs=CRS, index=["R1", "R2"],
    )  # fmt: skip
    apart = rows_of(park.with_layers(roads=streets), "clinic")
    assert apart["walk_m"].isna()["P1"]
    assert apart["is_near"]["P1"] == "no"


def test_a_park_without_facilities_has_an_empty_layer_and_says_so() -> None:
    found = service_distances(park_of(street_of(2)), rules=RULES)
    assert found.layer.empty
    assert list(found.layer.columns) == [*columns_of("services"), "geometry"]
    assert found.messages[0].key == "space.no_facilities"


def test_the_layers_are_those_of_the_schema() -> None:
    clusters = told(poor_corner()).reset_index()
    assert list(clusters) == [*columns_of("clusters"), "geometry"]
    assert set(clusters["cluster"]) <= set(column("clusters", "cluster").choices)
    town = street_of(2)
    pockets = find_pockets(park_of(town), judged(town, "x."), rules=RULES).layer.reset_index()
    assert list(pockets) == [*columns_of("pockets"), "geometry"]


# ---- New York


@pytest.mark.data
def test_new_yorks_lots_are_clustered_as_plain_arithmetic_says(
    project_root: Path, data_root: Path
) -> None:
    park = read_park(
        project_root / "data" / "gis" / "sources" / "nyc_ibz.yaml", data_root=data_root
    )
    evaluation = evaluate_park(park, rules=RULES, measure="total_value", average_over="zone")
    found = find_clusters(evaluation.parcels, rules=RULES, seed=1).layer
    assert len(found) == 3_772
    known = found[found["value"].notna() & found["geometry"].notna()]
    shapes = np.asarray(known.geometry.values, dtype=object)
    z = (known["value"] - known["value"].mean()).to_numpy()
    random = Random(1)  # noqa: S311
    for row in random.sample(range(len(known)), 60):
        near = np.flatnonzero(shapely.dwithin(shapes, shapes[row], 40.0))
        near = near[near != row]
        assert len(near) == known["neighbour_count"].iloc[row]
        if len(near):
            local = (len(z) - 1) * z[row] * z[near].mean() / (z**2).sum()
            assert known["local_i"].iloc[row] == pytest.approx(local)
    poor = known[known["cluster"] == "low_low"]
    assert 100 < len(poor) < 1_500
    assert poor["value"].max() < known["value"].mean()
    pockets = find_pockets(park, evaluation, rules=RULES)
    ids = [name for text in pockets.layer["parcel_ids"] for name in text.split("; ")]
    assert len(ids) == len(set(ids)) == int(pockets.pocket_of.notna().sum())
    assert pockets.layer["area_m2"].is_monotonic_decreasing
