"""Answers of a long search, kept line by line, so that a search that was killed goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geoplan.files import atomic_path

__all__ = ["KeptAnswers"]


class KeptAnswers:
    """A file of answers to one question: a first line that names the question, then a line per answer.

    A line is written and flushed before the search goes on. A last line that was cut is dropped; a file of another
    question is begun anew.
    """

    def __init__(self, path: Path | None, question: str) -> None:
        self.path = path
        self.answers: dict[str, Any] = {}
        if path is None:
            return
        head = _line({"question": question})
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith("\n")]
        if whole[:1] != [head]:
            whole = [head]
        for line in whole[1:]:
            row = json.loads(line)
            self.answers[row["step"]] = row["answer"]
        if whole != lines:
            with atomic_path(path) as draft:
                draft.write_text("".join(whole), encoding="utf-8", newline="\n")

    def keep(self, step: str, answer: Any) -> None:
        """Add an answer to the file, whole."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(_line({"step": step, "answer": answer}))


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"
