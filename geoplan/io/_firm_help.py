"""The firms with what they need, what was agreed and who looks after them, those that do not run normally first."""

from __future__ import annotations

import pandas as pd

from geoplan.io._workbook import LANGUAGE_ORDER
from geoplan.model.answers import Evaluation
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.words import Message, join, say

__all__ = ["firm_help"]

#: How a firm runs, in the order of the sheet.
_STATES = ("stopped", "half_stopped", "reduced", "normal", "vacant", "unbuilt", "unknown")
_HELP = ("problems", "measures", "liaison_officer")


def firm_help(park: Park, evaluation: Evaluation) -> dict[str, list[object]]:
    """Every firm of the ledger with its state, parcels and their triage, problem list, measures and liaison officer.

    A state that is not recorded is called unknown; of the rest only what the ledger says is told.
    """
    firms = park.layers["enterprises"]
    status = firms.get("operating_status", pd.Series(index=firms.index, dtype=object))
    status = status.astype(object).where(status.isin(_STATES), "unknown")
    order = status.map(_STATES.index).sort_values(kind="stable").index
    on = _parcels_of(park, evaluation)
    triage = evaluation.parcels["triage"]
    return {
        "firm": [firms["name"].get(one) if "name" in firms else one for one in order],
        "status": [_both(say(f"render.status.{status[one]}")) for one in order],
        "parcels": ["; ".join(on.get(one, [])) for one in order],
        "triage": [_triage([triage.get(parcel) for parcel in on.get(one, [])]) for one in order],
        **{
            name: [firms[name].get(one) if name in firms else None for one in order]
            for name in _HELP
        },
    }


def _parcels_of(park: Park, evaluation: Evaluation) -> dict[str, list[str]]:
    """Parcels that each firm is on in the last year with figures."""
    occupancy = park.get("occupancy")
    if occupancy is None:
        return {}
    years = evaluation.averages["year"]
    links = occupancy[current_rows(occupancy, year=None if years.empty else int(years.max()))]
    links = links[["enterprise_id", "parcel_id"]].drop_duplicates()
    lists = links.groupby("enterprise_id")["parcel_id"].agg(list)
    return {str(firm): [str(parcel) for parcel in ids] for firm, ids in lists.items()}


def _triage(results: list[object]) -> str:
    known = dict.fromkeys(str(result) for result in results if isinstance(result, str))
    names = [say(f"triage.{name}") for name in known]
    return _both(join(names)) if names else ""


def _both(message: Message) -> str:
    return " ".join(dict.fromkeys(message.text(language) for language in LANGUAGE_ORDER))
