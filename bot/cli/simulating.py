"""`casewright simulate`: what the agent would make of conversations that are over. Nothing is written anywhere else."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from agent import document
from agent.document import SettingsError
from agent.llm.breaker import Breaker
from agent.llm.reader import Llm
from agent.settings import PredictorChoice, Settings
from bot.cli.opening import configuration, opened
from bot.cli.output import AsJson, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.config import ConfigError, llm_configuration
from bot.provider import connect
from bot.simulation import report
from bot.simulation.figures import Played
from bot.simulation.files import FileWrong, read, settings_of
from bot.simulation.journal import JournalWrong, journal_in, without_words
from bot.simulation.labelled import Labelled
from bot.simulation.modelled import Run
from bot.simulation.past import past
from bot.simulation.playing import PredictorName, by_field, by_queue, detail, figures, identity, played
from bot.simulation.watched import watched

app = typer.Typer(add_completion=False)

_NOTHING_WATCHED = "The agent has recorded nothing yet: set `automation` to `create: shadow` or `update: shadow`."
_FIGURES = ("precision", "recall", "f1", "coverage", "wrong_when_silent", "recall_at_p90", "recall_at_p95")


@app.command()
def simulate(
    *,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Labelled conversations: JSON lines or CSV, gzipped or not."),
    ] = None,
    using: Annotated[
        PredictorName, typer.Option("--predictor", help="Which predictor answers.")
    ] = PredictorName.EMBEDDED,
    settings: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A draft of the settings, as YAML.")
    ] = None,
    fields: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A JSON document of fields alone.")
    ] = None,
    shadow: Annotated[
        bool,
        typer.Option("--shadow", help="What was recorded while the agent only watched, against what people did."),
    ] = False,
    details: Annotated[
        Path | None, typer.Option(help="Write what came of each conversation there, a line each.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with plots there, one page for a browser.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Keep there what was played, and don't play again what it holds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play past conversations again, from a file or from the store, and say what would have come of them."""
    if shadow and (file or settings or fields or journal or using is not PredictorName.EMBEDDED):
        raise Mistake(
            "--shadow reads what was recorded: leave out --file, --settings, --fields, --journal, --predictor."
        )
    try:
        run = _run(using)
        chosen = _settings(settings, fields)
        with ExitStack() as open_:
            spool = open_.enter_context(_spooled(details))
            kept = (
                open_.enter_context(journal_in(journal, run.identity if run else identity(using))) if journal else None
            )
            if shadow:
                playing, total = watched(open_.enter_context(opened()))
            else:
                conversations, total = open_.enter_context(_conversations(file, chosen))
                playing = run.played(conversations, kept) if run else played(conversations, using, kept)
            every = _all(playing, total, spool)
            if not every:
                raise Failure(_NOTHING_WATCHED if shadow else "There is no conversation to play.")
            if html is not None:
                source = f"{file or 'Conversations of the store'}, predicted by {using}"
                _report(html, every, spool, source="Recorded while the agent watched" if shadow else source)
    except (FileWrong, JournalWrong) as error:
        raise Mistake(str(error)) from None
    except KeyboardInterrupt:
        going_on = f"{journal} keeps what was played: the same command goes on from there." if journal else ""
        raise Failure(f"Interrupted. {going_on}".rstrip()) from None
    if as_json:
        show_json({**figures(every), "fields": by_field(every), "queues": by_queue(every)})
        return
    _show(every)
    if details is not None:
        show(f"{details} says what came of each conversation.")
    if html is not None:
        show(f"{html} shows it all in a browser.")


def _show(every: Sequence[Played]) -> None:
    figured = [(name.replace("_", " "), _number(value)) for name, value in figures(every).items()]
    show_table(("figure", "value"), figured)
    rows = [(name, *(_number(group[each]) for each in _FIGURES)) for name, group in by_field(every).items()]
    show_table(("field", *(each.replace("_", " ") for each in _FIGURES)), rows)
    if queues := by_queue(every):
        show_table(("queue", "cases"), [(queue, str(cases)) for queue, cases in queues.items()])


def _run(using: PredictorName) -> Run | None:
    """With a provider's model; None: without. Raises Mistake where no provider is configured."""
    if using in {PredictorName.RULES, PredictorName.EMBEDDED}:
        return None
    provider = llm_configuration(configuration())
    if provider is None:
        raise Mistake(
            f"--predictor {using} asks a provider's model, and none is configured: set CASEWRIGHT_LLM_PROVIDER and"
            " CASEWRIGHT_LLM_MODEL (docs/llm.md), or take --predictor embedded."
        )
    try:
        return Run(Llm(connect(provider), Breaker()), PredictorChoice(using))
    except ConfigError as error:
        raise Mistake(str(error)) from None


def _settings(draft: Path | None, fields: Path | None) -> Settings | None:
    """Raises Mistake and FileWrong."""
    if draft is not None and fields is not None:
        raise Mistake("Give --settings or --fields, not both.")
    if fields is not None:
        try:
            return settings_of(json.loads(fields.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise FileWrong(f"{fields} can't be read as JSON: {error}") from error
        except FileWrong as error:
            raise FileWrong(f"{fields}: {error}") from error
    if draft is not None:
        try:
            return document.load(draft.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise FileWrong(f"{draft} can't be read: {error}") from error
        except SettingsError as error:
            raise FileWrong(f"{draft}: {error}") from error
    return None


@contextmanager
def _conversations(file: Path | None, settings: Settings | None) -> Generator[tuple[Iterable[Labelled], int | None]]:
    """And how many there are; None: nobody knows before the end."""
    if file is not None:
        yield read(file, settings), None
        return
    with opened() as database:
        yield past(database, settings)


def _all(playing: Generator[Played], total: int | None, spool: IO[str]) -> Sequence[Played]:
    """What the figures need; the details go to the spool as they come."""
    console = Console(stderr=True)
    every: list[Played] = []
    with closing(playing), Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        running = progress.add_task("Playing", total=total)
        for one in playing:
            progress.advance(running)
            spool.write(json.dumps(detail(one), ensure_ascii=False) + "\n")
            every.append(without_words(one))
    return every


def _spooled(details: Path | None) -> IO[str]:
    """Where the details go as they come: a file of the person's, or one that is gone afterwards. Raises Mistake."""
    if details is None:
        return TemporaryFile("w+", encoding="utf-8")
    try:
        return details.open("w+", encoding="utf-8")
    except OSError as error:
        raise Mistake(f"{details} can't be written: {error.strerror}.") from None


def _report(html: Path, every: Sequence[Played], spool: IO[str], *, source: str) -> None:
    spool.seek(0)
    try:
        with html.open("w", encoding="utf-8") as file:
            report.write(file, every, map(json.loads, spool), source=source)
    except OSError as error:
        raise Mistake(f"{html} can't be written: {error.strerror}.") from None


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
