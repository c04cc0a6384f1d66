"""The command line: check, evaluate, quality, explain, rules, plan, map, run, compare, pareto, demo.

What a command needs is imported when it runs: help comes at once, and Ctrl-C is heard from the first moment.

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
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from geoplan.errors import GeoplanError, PlanError, ScenarioError
from geoplan.files import atomic_path
from geoplan.words import LANGUAGES, Language, Message, join, say, text

if TYPE_CHECKING:
    from geoplan.io import SheetTable
    from geoplan.model.answers import Problem
    from geoplan.scenario.compare import PlanSide
    from geoplan.scenario.model import Scenario
    from geoplan.scenario.run import Result, Stage

    Adapt = Callable[[Scenario], Scenario]

__all__ = ["main"]

#: Where data sets are looked for that are not beside the scenario or source file.
DEFAULT_DATA_ROOT = Path("../shared/data")

#: What typer raises for a command line that cannot be understood: the base of all its errors with an exit code.
_CommandError: Any = typer.BadParameter.__mro__[2]

#: Columns of a table that is not read on a terminal.
_PIPE_WIDTH = 140

_INTERRUPTED = 130

#: What a whole run writes: functions of ``scenario.outputs``.
ALL_FILES = ("write_page", "write_layers", "write_balance", "write_findings")


def _as_it_is(scenario: "Scenario") -> "Scenario":
    return scenario


def _asking_for_quality(scenario: "Scenario") -> "Scenario":
    from geoplan.scenario.model import asking_for_quality  # noqa: PLC0415

    return asking_for_quality(scenario)


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
        if isinstance(error.__cause__, KeyboardInterrupt):  # before there was anything to show
            return _INTERRUPTED
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


def _make_app(language: Language) -> typer.Typer:  # noqa: C901, PLR0915 - one function per command
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
        from geoplan.scenario.check import check_file, write_problems  # noqa: PLC0415

        _check_language(lang)
        problems, crs = check_file(file, data_root=data)
        _print_problems(problems, language)
        if out is not None:
            target = write_problems(problems, out, crs=crs)
            _print([text("cli.written", language, path=str(target))])
        return 1 if any(problem.severity == "error" for problem in problems) else 0

    def stage_command(
        name: str, until: str, writers: Sequence[str], *, adapt: "Adapt" = _as_it_is
    ) -> None:
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
            _answer(call, language, until=until, writers=writers, adapt=adapt)

    stage_command("evaluate", "evaluate", ["write_layers", "write_findings"])

    stage_command(
        "quality", "evaluate", ["write_layers", "write_findings"], adapt=_asking_for_quality
    )

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

    stage_command("plan", "measure", ["write_layers", "write_balance"])
    stage_command("map", "measure", ["write_page"])
    stage_command("run", "measure", ALL_FILES)

    @app.command(help=words("compare"))
    def compare(  # noqa: PLR0913, PLR0917  (options of a command)
        first: Annotated[Path, typer.Argument(help=words("compare_first"), metavar="FIRST")],
        second: Annotated[
            Path | None, typer.Argument(help=words("compare_second"), metavar="SECOND")
        ] = None,
        override: Annotated[
            list[str] | None, typer.Option("--override", help=words("compare_override"))
        ] = None,
        data: data = DEFAULT_DATA_ROOT,
        out: out = None,
        lang: lang = language,
    ) -> None:
        _check_language(lang)
        call = _Call(path=first, overrides=tuple(override or ()), data=data, out=out)
        if second is None and not call.overrides:
            _compare_ways(call, language)
        else:
            _compare(call, second or first, language)

    @app.command(help=words("pareto"))
    def pareto(
        scenario: scenario_file,
        override: overrides = None,
        data: data = DEFAULT_DATA_ROOT,
        out: out = None,
        lang: lang = language,
    ) -> int:
        _check_language(lang)
        call = _Call(path=scenario, overrides=tuple(override or ()), data=data, out=out)
        return _pareto(call, language)

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


def _answer(
    call: _Call,
    language: Language,
    *,
    until: "Stage",
    writers: Sequence[str],
    adapt: "Adapt" = _as_it_is,
) -> None:
    """Run a scenario, write what was asked for, and say what came out."""
    from geoplan.scenario import outputs  # noqa: PLC0415
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415
    from geoplan.scenario.run import run_scenario  # noqa: PLC0415
    from geoplan.scenario.summary import summary_lines  # noqa: PLC0415

    scenario = adapt(read_scenario(call.path, overrides=call.overrides))
    folder = call.out if call.out is not None else Path(scenario.outputs.folder)
    with _progress(language) as tell:
        result = run_scenario(
            scenario, folder=call.path.parent, data_root=call.data, until=until, progress=tell
        )
        written = [getattr(outputs, name)(result, folder) for name in writers]
    lines = [line.text(language) for line in summary_lines(result)]
    _print([*lines, text("cli.files", language)])
    _print([f"  {target}" for target in written if target is not None])


def _explain(call: _Call, parcel_id: str, language: Language) -> None:
    """Print what is known of one parcel, and write it as a page if asked; without the plan where there can be none."""
    from geoplan.scenario.explain import explain_parcel  # noqa: PLC0415

    result, no_plan = _planned_if_possible(call, language)
    if result.evaluation is None:
        return
    told = explain_parcel(
        result.park,
        result.evaluation,
        parcel_id,
        rules=result.rules,
        allocation=result.allocation,
        robustness=result.robustness,
        area=result.area,
    )
    _print(told.text(language).splitlines())
    if no_plan is not None:
        _print(["", no_plan.text(language)])
    if call.out is not None:
        with atomic_path(call.out) as draft:
            draft.write_text(told.page(language), encoding="utf-8", newline="\n")
        _print(["", text("cli.written", language, path=str(call.out))])


def _planned_if_possible(call: _Call, language: Language) -> tuple["Result", Message | None]:
    """The result as far as the plan, or as far as the evaluation and why there is no plan."""
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415
    from geoplan.scenario.run import run_scenario  # noqa: PLC0415

    scenario = read_scenario(call.path, overrides=call.overrides)
    with _progress(language) as tell:

        def run(until: "Stage") -> "Result":
            folder = call.path.parent
            return run_scenario(
                scenario, folder=folder, data_root=call.data, until=until, progress=tell
            )

        try:
            return run("plan"), None
        except PlanError as error:
            return run("evaluate"), say("explain.no_plan", why=join(error.problems))


def _compare(call: _Call, second: Path, language: Language) -> None:
    """Lay two plans side by side: print what changes, write the workbook and the difference layer."""
    from geoplan.scenario.compare import compare_plans  # noqa: PLC0415
    from geoplan.scenario.compared import (  # noqa: PLC0415
        comparison_lines,
        terminal_tables,
        write_comparison,
    )

    before, folder = _side(call, call.path, (), language)
    after, _ = _side(call, second, call.overrides, language)
    comparison = compare_plans(before, after)
    for table in terminal_tables(comparison):
        _print_table(table, language)
    _print([line.text(language) for line in comparison_lines(comparison)])
    _print_files(write_comparison(comparison, call.out or folder), language)


def _side(
    call: _Call, path: Path, overrides: tuple[str, ...], language: Language
) -> tuple["PlanSide", Path]:
    """One plan, worked out or read from a file, and where its files go."""
    from geoplan.scenario.compare import read_side, side_of  # noqa: PLC0415
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415
    from geoplan.scenario.run import run_scenario  # noqa: PLC0415

    if path.suffix.lower() == ".gpkg":
        if overrides:
            raise ScenarioError([say("compare.no_override", path=str(path))])
        return read_side(path), path.parent
    scenario = read_scenario(path, overrides=overrides)
    with _progress(language) as tell:
        result = run_scenario(scenario, folder=path.parent, data_root=call.data, progress=tell)
    return side_of(result), Path(scenario.outputs.folder)


def _compare_ways(call: _Call, language: Language) -> None:
    """Plan one scenario in three ways and show them in one table."""
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415
    from geoplan.scenario.ways import run_ways, ways_lines, ways_table, write_ways  # noqa: PLC0415

    scenario = read_scenario(call.path)
    with _progress(language) as tell:
        ways = run_ways(scenario, folder=call.path.parent, data_root=call.data, progress=tell)
    _print_table(ways_table(ways), language)
    _print([line.text(language) for line in ways_lines(ways)])
    _print_files(write_ways(ways, call.out or Path(scenario.outputs.folder)), language)


def _pareto(call: _Call, language: Language) -> int:
    """Find plans none of which is better in every goal; an interrupted search shows what it has, and goes on later."""
    from geoplan.scenario.fronts import (  # noqa: PLC0415
        front_lines,
        front_table,
        run_front,
        write_front,
    )
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415

    scenario = read_scenario(call.path, overrides=call.overrides)
    folder = call.out or Path(scenario.outputs.folder)
    resume = folder / f"{scenario.name}-pareto.jsonl"
    with _progress(language) as tell:
        found = run_front(
            scenario, folder=call.path.parent, data_root=call.data, resume=resume, progress=tell
        )
    _print_table(front_table(found), language)
    _print([line.text(language) for line in front_lines(found)])
    _print_files([resume, *write_front(found, folder)], language)
    return 0 if found.front.is_complete else _INTERRUPTED


def _print_files(paths: Sequence[Path], language: Language) -> None:
    _print([text("cli.files", language), *(f"  {path}" for path in paths)])


def _print_table(table: "SheetTable", language: Language) -> None:
    """A table of a workbook on the terminal: numbers to the right, long reasons folded."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)

    def shown(value: object) -> str:
        if isinstance(value, Message):
            return value.text(language)
        if isinstance(value, float):
            digits = ".0f" if value.is_integer() else ".1f" if abs(value) >= 10 else ".3g"  # noqa: PLR2004
            return f"{value:,{digits}}"
        return "" if value is None else str(value)

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(table.columns):
        is_number = any(isinstance(row[number], int | float) for row in table.rows)
        drawn.add_column(shown(heading), overflow="fold", justify="right" if is_number else "left")
    for row in table.rows:
        drawn.add_row(*(Text(shown(value)) for value in row))
    _print([table.heading.text(language)])
    console.print(drawn)
    _print([""])


def _rules(pack: str | None, out: Path | None, language: Language) -> None:
    """List the shipped rule packs, or check one and write it out."""
    from geoplan.scenario.packs import (  # noqa: PLC0415
        check_pack,
        pack_list,
        pack_page,
        write_pack_page,
    )

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


def _print_problems(problems: Sequence["Problem"], language: Language) -> None:
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
