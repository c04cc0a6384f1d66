"""The command line: check, evaluate, explain, rules, plan, map, run, demo.

Exit codes: 0 done; 1 the check found errors; 2 the command was not understood; 3 an input, rule pack or scenario
cannot be used; 4 no plan can keep the rules; 5 geoplan itself stumbled; 130 interrupted.
"""

import locale
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from geoplan.errors import GeoplanError, PlanError, ScenarioError
from geoplan.files import atomic_path
from geoplan.model.answers import Problem
from geoplan.scenario.check import check_file, write_problems
from geoplan.scenario.explain import explain_parcel
from geoplan.scenario.outputs import write_balance, write_findings, write_layers, write_page
from geoplan.scenario.packs import check_pack, pack_list, pack_page, write_pack_page
from geoplan.scenario.read import read_scenario
from geoplan.scenario.run import Result, Stage, run_scenario
from geoplan.scenario.summary import summary_lines
from geoplan.words import LANGUAGES, Language, Message, join, say, text

__all__ = ["main"]

#: Where data sets are looked for that are not beside the scenario or source file.
DEFAULT_DATA_ROOT = Path("../shared/data")

#: What typer raises for a command line that cannot be understood: the base of all its errors with an exit code.
_CommandError: Any = typer.BadParameter.__mro__[2]

#: Columns of a table that is not read on a terminal.
_PIPE_WIDTH = 140

_INTERRUPTED = 130

Writer = Callable[[Result, Path], Path | None]
#: What a whole run writes.
ALL_FILES: Sequence[Writer] = (write_page, write_layers, write_balance, write_findings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Help and messages are in the language of ``--lang``, else in that of the system.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a cp936 or ASCII console never raises
    language = _language_of(given)
    logging.getLogger("pyogrio").setLevel(logging.ERROR)  # geoplan's own problems say it better
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = _make_app(language)(given, standalone_mode=False, prog_name="geoplan")
    except (KeyboardInterrupt, typer.Abort):
        _say_error(text("cli.interrupted", language))
        return _INTERRUPTED
    except GeoplanError as error:
        _say_error(error.text(language))
        return 4 if isinstance(error, PlanError) else 3
    except _CommandError as error:
        error.show()
        return int(error.exit_code)
    except Exception as error:  # noqa: BLE001 (a planner gets one sentence, and where to look)
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        kind = type(error).__name__
        _say_error(text("cli.stumbled", language, kind=kind, reason=str(error), place=place))
        return 5
    if code == _INTERRUPTED:  # typer turns Ctrl-C into this code and says nothing
        _say_error(text("cli.interrupted", language))
    return code if isinstance(code, int) else 0


def _say_error(words: str) -> None:
    Console(stderr=True, soft_wrap=True).print(words, markup=False, highlight=False)


def _language_of(arguments: Sequence[str]) -> Language:
    """The language asked for by ``--lang``, else of the system, else English."""
    for flag, value in zip(arguments, [*arguments[1:], ""], strict=True):
        asked = value if flag == "--lang" else flag.removeprefix("--lang=")
        for language in LANGUAGES:
            if asked == language and flag.startswith("--lang"):
                return language
    name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def _make_app(language: Language) -> typer.Typer:
    """The commands, with help in one language."""

    def words(key: str) -> str:
        return text(f"cli.{key}", language)

    app = typer.Typer(
        help=words("help"),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    scenario_file = Annotated[Path, typer.Argument(help=words("scenario"), metavar="SCENARIO")]
    any_file = Annotated[Path, typer.Argument(help=words("any_file"), metavar="FILE")]
    overrides = Annotated[list[str] | None, typer.Option("--override", help=words("override"))]
    data = Annotated[Path, typer.Option("--data", help=words("data"))]
    out = Annotated[Path | None, typer.Option("--out", help=words("out"))]
    lang = Annotated[str, typer.Option("--lang", help=words("lang"))]

    @app.callback(epilog=words("epilog"))
    def _whole(lang: lang = language) -> None:
        _check_language(lang)

    @app.command(help=words("check"))
    def check(
        file: any_file, data: data = DEFAULT_DATA_ROOT, out: out = None, lang: lang = language
    ) -> int:
        _check_language(lang)
        problems, crs = check_file(file, data_root=data)
        _print_problems(problems, language)
        if out is not None:
            target = write_problems(problems, out, crs=crs)
            _print([text("cli.written", language, path=str(target))])
        return 1 if any(problem.severity == "error" for problem in problems) else 0

    def stage_command(name: str, until: Stage, writers: Sequence[Writer]) -> None:
        @app.command(name, help=words(name))
        def _run(
            scenario: scenario_file,
            override: overrides = None,
            data: data = DEFAULT_DATA_ROOT,
            out: out = None,
            lang: lang = language,
        ) -> None:
            _check_language(lang)
            call = _Call(path=scenario, overrides=tuple(override or ()), data=data, out=out)
            _answer(call, language, until=until, writers=writers)

    stage_command("evaluate", "evaluate", [write_layers, write_findings])

    @app.command(help=words("explain"))
    def explain(  # noqa: PLR0913, PLR0917  (options of a command)
        scenario: scenario_file,
        parcel: Annotated[str, typer.Argument(help=words("parcel"), metavar="PARCEL")],
        override: overrides = None,
        data: data = DEFAULT_DATA_ROOT,
        out: Annotated[Path | None, typer.Option("--out", help=words("explain_out"))] = None,
        lang: lang = language,
    ) -> None:
        _check_language(lang)
        call = _Call(path=scenario, overrides=tuple(override or ()), data=data, out=out)
        _explain(call, parcel, language)

    @app.command(help=words("rules"))
    def rules(
        pack: Annotated[str | None, typer.Argument(help=words("pack"), metavar="PACK")] = None,
        out: Annotated[Path | None, typer.Option("--out", help=words("rules_out"))] = None,
        lang: lang = language,
    ) -> None:
        _check_language(lang)
        _rules(pack, out, language)

    stage_command("plan", "measure", [write_layers, write_balance])
    stage_command("map", "measure", [write_page])
    stage_command("run", "measure", ALL_FILES)

    @app.command(help=words("demo"))
    def demo(out: out = None, lang: lang = language) -> None:
        _check_language(lang)
        shipped = files("geoplan") / "data" / "scenarios" / "xinshe.yaml"
        with as_file(shipped) as path:
            _answer(
                _Call(path=path, overrides=(), data=DEFAULT_DATA_ROOT, out=out),
                language,
                until="measure",
                writers=ALL_FILES,
            )

    return app


def _check_language(asked: str) -> None:
    if asked not in LANGUAGES:
        raise typer.BadParameter(", ".join(LANGUAGES), param_hint="--lang")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """Which scenario, with which overrides and data, and where its files go."""

    path: Path
    overrides: tuple[str, ...]
    data: Path
    out: Path | None


def _answer(call: _Call, language: Language, *, until: Stage, writers: Sequence[Writer]) -> None:
    """Run a scenario, write what was asked for, and say what came out."""
    scenario = read_scenario(call.path, overrides=call.overrides)
    folder = call.out if call.out is not None else Path(scenario.outputs.folder)
    with _progress(language) as tell:
        result = run_scenario(
            scenario, folder=call.path.parent, data_root=call.data, until=until, progress=tell
        )
        written = [write(result, folder) for write in writers]
    lines = [line.text(language) for line in summary_lines(result)]
    _print([*lines, text("cli.files", language)])
    _print([f"  {target}" for target in written if target is not None])


def _explain(call: _Call, parcel_id: str, language: Language) -> None:
    """Print what is known of one parcel, and write it as a page if asked; without the plan where there can be none."""
    result, no_plan = _planned_if_possible(call, language)
    if result.evaluation is None:
        return
    told = explain_parcel(
        result.park,
        result.evaluation,
        parcel_id,
        rules=result.rules,
        allocation=result.allocation,
        area=result.area,
    )
    _print(told.text(language).splitlines())
    if no_plan is not None:
        _print(["", no_plan.text(language)])
    if call.out is not None:
        with atomic_path(call.out) as draft:
            draft.write_text(told.page(language), encoding="utf-8", newline="\n")
        _print(["", text("cli.written", language, path=str(call.out))])


def _planned_if_possible(call: _Call, language: Language) -> tuple[Result, Message | None]:
    """The result as far as the plan, or as far as the evaluation and why there is no plan."""
    scenario = read_scenario(call.path, overrides=call.overrides)
    with _progress(language) as tell:

        def run(until: Stage) -> Result:
            folder = call.path.parent
            return run_scenario(
                scenario, folder=folder, data_root=call.data, until=until, progress=tell
            )

        try:
            return run("plan"), None
        except PlanError as error:
            return run("evaluate"), say("explain.no_plan", why=join(error.problems))


def _rules(pack: str | None, out: Path | None, language: Language) -> None:
    """List the shipped rule packs, or check one and write it out."""
    if pack is None:
        _print(pack_list(language))
        return
    if problems := check_pack(pack):
        raise ScenarioError(problems, headline=say("error.rulepack", name=pack))
    if out is None:
        _print([pack_page(pack, language)])
    else:
        target = write_pack_page(pack, out, language)
        _print([text("cli.written", language, path=str(target))])


def _print(lines: Sequence[str]) -> None:
    console = Console(soft_wrap=True)
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _print_problems(problems: Sequence[Problem], language: Language) -> None:
    """The problems as a table, worst first, and how many there are."""
    order = ("error", "warning", "note")
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    if problems:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("severity", "layer", "row", "column", "text"):
            table.add_column(text(f"cli.head_{heading}", language), overflow="fold")
        for problem in sorted(problems, key=lambda item: order.index(item.severity)):
            cells = (
                text(f"common.{problem.severity}", language),
                problem.layer,
                problem.row,
                problem.column,
                problem.message.text(language),
            )
            table.add_row(*map(Text, cells))
        console.print(table)
    counts = {name: sum(problem.severity == name for problem in problems) for name in order}
    _print([text("cli.check_summary", language, **counts)])


@contextmanager
def _progress(language: Language) -> Iterator[Callable[[Message, int, int], None]]:
    """A bar on the error stream, so that results can be piped; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)

        def tell(what: Message, done: int, total: int) -> None:
            bar.update(task, description=what.text(language), completed=done, total=total)

        yield tell


if __name__ == "__main__":
    sys.exit(main())
