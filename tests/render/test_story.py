from __future__ import annotations

from evaluated_towns import lantian

from geoplan.render.story import firms_of, names_used


def test_the_page_carries_the_help_of_each_firm_in_both_languages() -> None:
    park = lantian()
    people = park.layers["enterprises"].assign(
        problems=[None, "power", None, None, None],
        liaison_officer=[None, "Lin", "Wu", None, None],
    )
    firms = firms_of(park.with_layers(enterprises=people))
    assert firms is not None
    ids = firms["enterprise_id"]["words"]
    told = {
        language: {
            firm: None if at < 0 else firms[f"help_{language}"]["words"][at]
            for firm, at in zip(ids, firms[f"help_{language}"]["at"], strict=True)
        }
        for language in ("en", "zh")
    }
    assert told["en"]["poor"] == "problems: power; liaison officer: Lin"
    assert told["zh"]["late"] == "挂钩领导：Wu"
    assert told["en"]["good"] is None


def test_a_state_nobody_recorded_has_a_name() -> None:
    assert names_used({})["status"]["unknown"]["zh"] == "经营状态未登记"
