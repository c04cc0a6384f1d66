"""``python -m geoplan``, and the command ``geoplan``: the door to the command line, where Ctrl-C is heard at once."""

import sys
from collections.abc import Sequence

from geoplan.words import LANGUAGES, text

__all__ = ["main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; before it is there to say so itself, an interruption is told in both languages."""
    try:
        from geoplan import cli  # noqa: PLC0415  (what it imports takes a moment)

        return cli.main(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n".join(text("cli.interrupted", one) for one in LANGUAGES) + "\n")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
