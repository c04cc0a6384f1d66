from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import SchemaError
from geoplan.model import _landuse_codes, landuse
from geoplan.model.landuse import (
    UNKNOWN_COLOUR,
    colour_of,
    group_of,
    land_uses,
    level2_of,
    name_of,
    to_mnr2023,
)
from geoplan.words import catalogue


def uses_of(*codes: object, version: landuse.LandUseVersion) -> list[str]:
    return to_mnr2023(pd.Series(codes, dtype=object), version=version)[0].tolist()


def told(*codes: object, version: landuse.LandUseVersion) -> dict[str, tuple[int, str, str, str]]:
    report = to_mnr2023(pd.Series(codes, dtype=object), version=version)[1]
    return {code: tuple(rest) for code, *rest in report.to_numpy().tolist()}


# ---- the table ------------------------------------------------------------------------------------------------------


def test_chinese_names_are_those_of_the_table(project_root: Path) -> None:
    with (project_root / "geoplan/data/landuse_2023.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 175
    assert {row["code"]: row["name_zh"] for row in rows} == {
        code: name_of(code, "zh") for code in land_uses()
    }


def test_english_names_differ_and_hold_no_chinese() -> None:
    names = [use.name_en for use in land_uses().values()]
    assert len(set(names)) == len(names)
    assert not re.search("[\u4e00-\u9fff]", "".join(names))


def test_every_class_stands_under_its_parent() -> None:
    for code, use in land_uses().items():
        assert len(code) == 2 * use.level
        assert use.parent == code[:-2]
        assert use.level == 1 or use.parent in land_uses()


# From appendix B of the mapping rules, as the design notes have it: class, red, green, blue.
OFFICIAL = {
    "0103": (245, 248, 220), "0701": (255, 255, 45), "0703": (255, 211, 128), "0801": (255, 0, 255),
    "0802": (230, 0, 92), "0803": (255, 127, 0), "0804": (255, 133, 201), "0805": (0, 165, 124),
    "0806": (255, 127, 126), "0807": (255, 159, 127), "09": (255, 0, 0), "100103": (187, 150, 116),
    "1002": (158, 108, 84), "11": (135, 97, 211), "1102": (153, 153, 255), "12": (183, 183, 183),
    "1202": (173, 173, 173), "1207": (163, 163, 163), "13": (0, 99, 128), "1401": (0, 255, 0),
    "1402": (20, 141, 74), "1403": (172, 255, 207), "15": (133, 145, 86), "16": (255, 255, 255),
    "17": (51, 142, 192), "23": (238, 238, 238), "24": (214, 234, 243),
}  # fmt: skip


@pytest.mark.parametrize("code", OFFICIAL)
def test_colours_are_the_official_ones(code: str) -> None:
    assert colour_of(code) == "#{:02X}{:02X}{:02X}".format(*OFFICIAL[code])


def test_unknown_is_a_grey_unlike_any_class() -> None:
    def rgb(colour: str) -> np.ndarray:
        return np.array(list(bytes.fromhex(colour[1:])), dtype=float)

    assert colour_of("unknown") == colour_of("9999") == UNKNOWN_COLOUR
    nearest = min(
        np.abs(rgb(use.colour) - rgb(UNKNOWN_COLOUR)).max() for use in land_uses().values()
    )
    assert nearest > 30
    assert (name_of("unknown", "en"), name_of("9999", "zh")) == ("use unknown", "用途不详")


# ---- groups ---------------------------------------------------------------------------------------------------------


def test_groups_hold_their_classes_and_no_others() -> None:
    codes = pd.Series([*land_uses(), "unknown"])

    def members(name: str) -> list[str]:
        return codes[getattr(landuse, name)(codes)].tolist()

    assert members("is_industrial") == ["10", "1001", "100101", "100102", "100103"]
    assert members("is_storage") == ["11", "1101", "110101", "110102", "110103", "1102"]
    assert members("is_home") == [
        "07", "0701", "070101", "070102", "070103", "0703", "070301", "070302",
    ]  # fmt: skip
    assert members("is_open_green") == ["14", "1401", "1402", "1403"]
    assert members("is_water") == ["17", "1701", "1702", "1703", "1704", "1705", "1706"]
    assert members("is_vacant_land") == ["2301"]
    assert len(members("is_road")) == 13


def test_groups_keep_index_and_treat_missing_as_no() -> None:
    answer = landuse.is_industrial(pd.Series(["100102", None, "unknown"], index=["b", "a", "c"]))
    assert answer.to_dict() == {"b": True, "a": False, "c": False}


def test_every_class_has_a_group() -> None:
    assert "unknown" not in {group_of(code) for code in land_uses()}
    assert group_of("unknown") == group_of("10010299") == "unknown"


def test_roll_up_to_the_second_level() -> None:
    codes = pd.Series(["100102", "1401", "14", "unknown"], index=list("dcba"))
    assert level2_of(codes).to_dict() == {"d": "1001", "c": "1401", "b": "14", "a": "unknown"}


# ---- national codes -------------------------------------------------------------------------------------------------


def test_codes_of_2023_stay_as_they_are() -> None:
    uses, report = to_mnr2023(pd.Series(list(land_uses())), version="mnr2023")
    assert uses.tolist() == list(land_uses())
    assert report.empty


CHANGED_IN_2023 = {
    "0204": "0205", "0602": "060201", "0603": "060202", "0604": "060203", "060102": "1207",
    "090301": "0903", "090302": "0903", "1312": "1311", "1313": "1312", "2202": "2206",
    "2302": "2303", "2303": "060102",
}  # fmt: skip


def test_codes_of_2020_change_once_and_only_those() -> None:
    assert uses_of(*CHANGED_IN_2023, version="mnr2020") == list(CHANGED_IN_2023.values())
    others = [code for code in land_uses() if code not in CHANGED_IN_2023]
    assert uses_of(*others, version="mnr2020") == others


def test_equal_digits_mean_different_uses_in_different_editions() -> None:
    assert uses_of("060102", version="mnr2020") != uses_of("060102", version="mnr2023")


@pytest.mark.parametrize("version", ["mnr2023", "mnr2020"])
def test_codes_read_as_numbers_get_their_zero_back(version: landuse.LandUseVersion) -> None:
    assert uses_of(701, 701.0, "701.0", "70102", 7, version=version) == [
        "0701", "0701", "0701", "070102", "07",
    ]  # fmt: skip
    assert told(701, 701.0, 1001.0, version=version) == {"701": (2, "0701", "0701", "leading_zero")}
    assert uses_of(1001.0, 100102, "1401", version=version) == ["1001", "100102", "1401"]


def test_a_short_code_that_is_in_no_table_is_not_repaired() -> None:
    assert told(999, version="mnr2023") == {"999": (1, "unknown", "09", "not_in_table")}


def test_whole_columns_of_numbers_are_read() -> None:
    uses, _ = to_mnr2023(pd.Series([701.0, np.nan, 1001.0]), version="mnr2023")
    assert uses.tolist() == ["0701", "unknown", "1001"]
    uses, _ = to_mnr2023(pd.Series([701, None], dtype="Int64"), version="mnr2023")
    assert uses.tolist() == ["0701", "unknown"]


def test_what_is_in_no_table_is_unknown_and_told() -> None:
    assert told("10010299", "0701/0901", "abc", "", None, version="mnr2023") == {
        "": (2, "unknown", "", "empty"),
        "0701/0901": (1, "unknown", "0701;0901", "mixed"),
        "10010299": (1, "unknown", "100102", "not_in_table"),
        "abc": (1, "unknown", "", "not_in_table"),
    }


def test_a_name_behind_the_code_does_no_harm() -> None:
    assert uses_of("0701 城镇住宅用地", "１００１工业用地", version="mnr2023") == ["0701", "1001"]
    assert uses_of("R2-二类居住用地", " m1 ", version="gb50137") == ["070102", "100101"]


def test_codes_are_told_as_the_file_has_them() -> None:
    assert set(told(" U3 ", "Ｕ３消防", "\t", version="gb50137")) == {" U3 ", "Ｕ３消防", ""}


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(SchemaError, match="no classification sd2019; known are mnr2023, mnr2020"):
        to_mnr2023(pd.Series(["07"]), version="sd2019")  # type: ignore[arg-type]


# ---- GB 50137-2011 --------------------------------------------------------------------------------------------------


def test_letters_with_one_answer_are_taken_without_a_word() -> None:
    letters = {
        "R1": "070101", "R2": "070102", "R3": "070103", "A1": "0801", "A2": "0803", "A3": "0804",
        "A33": "080403", "A34": "080405", "A35": "0802", "A4": "0805", "A51": "080601", "A59": "080603",
        "A6": "0807", "A7": "1504", "A9": "1503", "B1": "0901", "B14": "090104", "B2": "0902",
        "B41": "090105", "B9": "0904", "M": "1001", "M1": "100101", "M2": "100102", "M3": "100103",
        "W1": "110101", "S1": "1207", "S2": "1206", "S4": "1208", "S42": "120803", "U12": "1303",
        "U23": "1309", "U9": "1312", "G1": "1401", "G2": "1402", "G3": "1403", "H21": "1201",
        "H41": "1501", "H5": "1002", "E1": "17", "E9": "23",
    }  # fmt: skip
    assert uses_of(*letters, version="gb50137") == list(letters.values())
    assert told(*letters, version="gb50137") == {}


def test_part_and_several_are_ambiguous() -> None:
    assert told("U15", "R12", "R12", "E", version="gb50137") == {
        "E": (1, "unknown", "17;1701;1703;1704;23", "ambiguous"),
        "R12": (2, "unknown", "0702;080404", "ambiguous"),
        "U15": (1, "unknown", "1306;1307", "ambiguous"),
    }


def test_a_code_that_is_one_class_only_in_part_is_ambiguous(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_landuse_codes, "_letters", lambda: {"U15": {"1306": True}})
    assert told("U15", version="gb50137") == {"U15": (1, "unknown", "1306", "ambiguous")}


def test_a_class_and_its_part_under_one_letter_give_the_part() -> None:
    assert told("S3", version="gb50137") == {"S3": (1, "120801", "1208;120801", "nested")}


def test_a_coarser_code_is_the_class_that_holds_all_of_it() -> None:
    report = told("U1", "U2", "U3", "H4", "H3", version="gb50137")
    assert {code: row[1:] for code, row in report.items()} == {
        "U1": ("13", "1301;1303;1304;1305;1306;1307;1308", "coarser"),
        "U2": ("13", "1302;1309", "coarser"),
        "U3": ("13", "1310;1311;1312", "coarser"),
        "H4": ("15", "1501;1505", "coarser"),
        "H3": ("13", "1311", "coarser"),  # not 1311 itself: that is only a part of H3
    }


def test_a_finer_code_is_the_class_above_it_if_that_is_one() -> None:
    report = told(
        "A331", "A51x", "R2a", "G11", "R25", "A39", "M0", "R99", "U15b", version="gb50137"
    )
    assert {code: (row[1], row[3]) for code, row in report.items()} == {
        "A331": ("080403", "finer"),
        "A51x": ("080601", "finer"),
        "G11": ("1401", "finer"),
        "A39": ("08", "finer"),  # A3 holds education (0804) and research (0802)
        "M0": ("unknown", "not_in_table"),
        "R25": ("unknown", "ambiguous"),  # R2 holds homes, services and kindergartens
        "R2a": ("070102", "finer"),
        "U15b": ("unknown", "ambiguous"),
        "R99": ("unknown", "not_in_table"),
    }


@pytest.mark.parametrize("code", ["B1R2", "RB", "B1/R2", "R2+B1", "R2、B1"])
def test_joined_codes_are_told_as_mixed(code: str) -> None:
    (row,) = told(code, version="gb50137").values()
    assert (row[1], row[3]) == ("unknown", "mixed")


def test_every_reason_has_its_words() -> None:
    reasons = {
        key.removeprefix("landuse_why.") for key in catalogue() if key.startswith("landuse_why.")
    }
    source = Path(_landuse_codes.__file__).read_text(encoding="utf-8")
    assert all(f'"{reason}"' in source for reason in reasons)
    codes = ["U15", "B1R2", "X9", None, "U3", "A331", "S3"]
    report = to_mnr2023(pd.Series(codes, dtype=object), version="gb50137")[1]
    assert set(report["why"]) | {"leading_zero"} == reasons


@given(
    st.lists(
        st.one_of(
            st.none(), st.integers(), st.text(max_size=6), st.sampled_from(["R2", "701", "U3"])
        )
    ),
    st.sampled_from(landuse.LANDUSE_VERSIONS),
)
def test_whatever_comes_each_row_has_a_class_or_is_told(
    codes: list[object], version: landuse.LandUseVersion
) -> None:
    given_codes = pd.Series(codes, dtype=object, index=[f"P{i}" for i in range(len(codes))])
    before = given_codes.copy()
    uses, report = to_mnr2023(given_codes, version=version)
    assert uses.index.equals(given_codes.index)
    assert given_codes.equals(before)
    assert set(uses) <= {*land_uses(), "unknown"}
    assert report.loc[report["use"] == "unknown", "count"].sum() == (uses == "unknown").sum()


@pytest.mark.data
def test_the_huizhou_plan_is_read_whole(data_root: Path) -> None:
    path = data_root / "huizhou_cn" / "huizhou_land_epsg4547.geojson"
    plan = json.loads(path.read_text(encoding="utf-8"))
    codes = pd.Series([feature["properties"]["Layer"] for feature in plan["features"]])
    uses, report = to_mnr2023(codes, version="gb50137")
    assert uses.value_counts().to_dict() == {
        "070102": 29, "0901": 13, "070103": 6, "0804": 4, "1401": 4, "0801": 3, "0902": 3, "1208": 3,
        "110101": 3, "1309": 3, "100101": 2, "13": 2, "120801": 1, "0807": 1, "090105": 1, "0805": 1,
    }  # fmt: skip
    assert report[["code", "use", "why"]].to_numpy().tolist() == [
        ["S3", "120801", "nested"],
        ["U1", "13", "coarser"],
        ["U3", "13", "coarser"],
    ]
