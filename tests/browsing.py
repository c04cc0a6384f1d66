"""A page opened in a browser, and everything it did that it should not have done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Page


@dataclass
class Opened:
    """The page, the addresses it asked for, and what it said on the console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Opener(Protocol):
    """Opens a file once an element of it is ready; options are those of a browser context."""

    def __call__(self, path: Path, *, ready: str = ..., **options: Any) -> Opened: ...
