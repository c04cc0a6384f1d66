"""What the firms of a parcel need, what was agreed, and who looks after them: the ledger's own words."""

from __future__ import annotations

import numpy as np

from geoplan.evaluate._arrays import Bools, strings_of
from geoplan.evaluate._texts import Texts, messages
from geoplan.evaluate.occupants import Ledger
from geoplan.model.park import Park
from geoplan.model.telling import shown
from geoplan.words import Message, join, literal, say

__all__ = ["help_of_firms"]

_COLUMNS = ("problems", "measures", "liaison_officer")


def help_of_firms(park: Park, ledger: Ledger | None, rows: Bools) -> Texts:
    """For some parcels how each firm runs, its problem list, the measures agreed and its liaison officer.

    Only what the ledger says is told; a firm of which it says none of the three is left out.
    """
    told: dict[int, list[Message]] = {}
    table = park.get("enterprises")
    if ledger is not None and table is not None:
        asked = np.append(rows, False)[ledger.parcel] & ledger.is_current
        columns = {name: strings_of(table, name) for name in _COLUMNS}
        pairs = {(int(ledger.parcel[at]), int(ledger.firm[at])): at for at in np.flatnonzero(asked)}
        for (parcel, firm), at in sorted(pairs.items()):
            parts = [
                say(f"evaluate.help.{name}", value=shown(cells[firm]))
                for name, cells in columns.items()
                if firm < len(table) and cells[firm]
            ]
            if parts:
                told.setdefault(parcel, []).append(
                    say(
                        "evaluate.help.firm",
                        name=shown(ledger.firm_names[firm]),
                        status=say(f"evaluate.help.status.{ledger.status[at] or 'unknown'}"),
                        parts=join(parts, "evaluate.help.and"),
                    )
                )
    different = [
        literal(""),
        *(say("evaluate.tail", parts=join(told[parcel])) for parcel in told),
    ]
    place = np.zeros(len(rows), dtype=np.intp)
    place[list(told)] = np.arange(1, len(different))
    return messages(different).take(place)
