"""`emt score`: read stored answers in another way, without the model."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from emt_tasks import clip_argmin, gpt_judge, label_match
from emt_tasks.cli.arguments import PAIRS
from emt_tasks.cli.judge_options import judge_options, judge_settings
from emt_tasks.cli.score_telling import Shown, kept, tell_read
from emt_tasks.errors import EmtError, RefusedToSpend, UnknownName
from emt_tasks.escaping import terminal
from emt_tasks.gpt_judge.asking import Totals, ask_all
from emt_tasks.gpt_judge.batch_service import ask_in_batches
from emt_tasks.gpt_judge.money import Budget
from emt_tasks.gpt_judge.panel import Plan
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.reach import may_ask_user
from emt_tasks.gpt_judge.report import CallProgress, totals_in_words
from emt_tasks.gpt_judge.settings import JudgeSettings, says_yes
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.problems import Trouble
from emt_tasks.scoring import readers
from emt_tasks.scoring.answers import Answers
from emt_tasks.scoring.cells import ENDINGS
from emt_tasks.scoring.columns import Columns
from emt_tasks.scoring.judging import judged_records, prepared
from emt_tasks.scoring.stored import stored_answers
from emt_tasks.scoring.tables import run_of_table

READINGS = (label_match.NAME, clip_argmin.NAME, gpt_judge.NAME)
PARTIAL = 3
Ask = Callable[[Plan, VerdictStore], Totals | None]


@click.command()
@click.argument("paths", metavar="RUN|TABLE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--reading", "names", metavar="NAME,...", default=label_match.NAME, show_default=True,
              help=f"{', '.join(READINGS)}.")  # fmt: skip
@click.option("--as", "kept_as", metavar="NAME", help="Keep the reading under this name; for several judges, say.")
@click.option("--tasks", metavar="NAME,...", help="Only these tasks of the runs.")
@click.option("--set", "set_key", type=click.Choice(ALL_SETS), help="The label set of a table, or of others' tasks.")
@click.option("--id-column", help="Of a table; else found by name. So are the next two.")
@click.option("--label-column", help="The right label: the prompt's word, the hub's name, or the class index.")
@click.option("--answer-column", help="What the model said.")
@click.option("--output-path", type=click.Path(file_okay=False, path_type=Path), default=Path("out"),
              show_default=True, help="Where a table becomes a run.")  # fmt: skip
@click.option("--clip", "clip_given", type=PAIRS, default="", metavar="NAME=VALUE,...",
              help="Settings of clip_argmin: text_model=, template=, max_distance=, ... (EMT_CLIP_...).")  # fmt: skip
@judge_options
@click.option("--yes", is_flag=True, help="Spend without asking (EMT_JUDGE_YES=1).")
@click.option("--max-cost-usd", type=click.FloatRange(0), help="Stop before more is spent; the rest is unscored.")
@click.option("--dry-run", is_flag=True, help="Say what the judge would cost, and stop.")
@click.option("--replay", is_flag=True, help="Only stored verdicts: no key, no network; what is missing is unscored.")
@click.option("--batch", is_flag=True, help="By OpenAI's batch service: half the price, up to a day; may be resumed.")
@click.option("--poll", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds between looks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the table.")
def command(
    paths: tuple[Path, ...], names: str, kept_as: str | None, tasks: str | None, set_key: str | None,
    id_column: str | None, label_column: str | None, answer_column: str | None, output_path: Path,
    clip_given: dict[str, Any], yes: bool, max_cost_usd: float | None, dry_run: bool, replay: bool, batch: bool,
    poll: float, as_json: bool, **judge: Any,
) -> None:  # fmt: skip
    """Read the answers of stored runs anew, without the model. RUN is a folder of emt run, lmms-eval or lm_eval.

    TABLE is a .csv, .tsv or .xlsx file with columns for id, right label and answer (VLMEvalKit's too); it becomes a
    run. Where right labels are letters (multiple choice), the row's own columns A, B, C, ... say what they stand for;
    so they do for answers that are a letter and no more. Readings stand beside the run's own, and emt compare sees
    them all. Only gpt_judge costs money: what, is said before. Exit code 3: some rows have no verdict; 5: nobody
    allowed to spend.

    \b
    Examples:
      emt score out/llava --reading label_match,clip_argmin
      emt score out/llava --reading gpt_judge --judge-model gpt-4o-mini --dry-run
      emt score out/llava --reading gpt_judge --judge-model gpt-4o-mini --max-cost-usd 2 --yes
      emt score out/llava --reading gpt_judge --protocol which_label --base-url http://127.0.0.1:8000/v1
      emt score answers.csv --set cifar10
    """
    readings = _readings(names, kept_as, dry_run)
    runs = _runs(paths, set_key, Columns(id_column, label_column, answer_column), output_path)
    answers = _answers(runs, tasks, set_key)
    shown: list[Shown] = []
    unscored = None
    for reading in readings:
        if reading != gpt_judge.NAME:
            shown += _read(answers, reading, kept_as, clip_given)
            continue
        settings = judge_settings(**judge, max_cost_usd=max_cost_usd)
        if dry_run:
            _tell_cost(answers, settings, batch, as_json)
            return
        ask = _asking(settings, yes or says_yes(), replay, batch, poll)
        judged, unscored = _judged(answers, settings, ask, kept_as, batch)
        shown += judged
    tell_read(shown, runs, as_json)
    if unscored:
        click.echo(f"partial: {unscored}; run the same command again to have the rest", err=True)
        raise click.exceptions.Exit(PARTIAL)


def _readings(names: str, kept_as: str | None, dry_run: bool) -> list[str]:
    """The readings asked for, each known; of a dry run the judge alone, which is what costs."""
    asked = list(dict.fromkeys(filter(None, names.split(","))))
    for name in asked:
        if name not in READINGS:
            raise UnknownName("reading", name, READINGS)
    if not asked:
        raise click.UsageError(f"--reading names none. Known: {', '.join(READINGS)}.")
    if kept_as and (len(asked) > 1 or not re.fullmatch("[a-z0-9_]+", kept_as)):
        raise click.UsageError("--as is one name of a-z, 0-9 and _, for one reading.")
    if dry_run and gpt_judge.NAME not in asked:
        raise click.UsageError(f"only {gpt_judge.NAME} costs anything; leave --dry-run out.")
    return [gpt_judge.NAME] if dry_run else asked


def _runs(paths: Sequence[Path], set_key: str | None, columns: Columns, output: Path) -> list[Path]:
    """The run at each path, each once."""
    by_run: dict[Path, Path] = {}
    for path in paths:
        run = _run(path, set_key, columns, output)
        first = by_run.setdefault(run, path)
        if first is not path:
            click.echo(f"note: {terminal(str(path))} holds the same as {terminal(str(first))}; told once", err=True)
    return list(by_run)


def _run(path: Path, set_key: str | None, columns: Columns, output: Path) -> Path:
    """The run at `path`; a table becomes one."""
    if path.suffix.lower() not in ENDINGS:
        return path
    if set_key is None:
        raise click.UsageError(f"{path} is a table: say with --set which labels its answers are about.")

    def tell(taken: str) -> None:
        click.echo(terminal(f"{path.name}: read: {taken}"), err=True)

    folder = run_of_table(path, label_set(set_key), columns, output, tell)
    click.echo(terminal(f"{path} is now the run {folder}"), err=True)
    return folder


def _answers(runs: Sequence[Path], tasks: str | None, set_key: str | None) -> Sequence[Answers]:
    """The answers of the runs; what is wrong with them is said."""
    answers, problems = stored_answers(runs, tasks.split(",") if tasks else None, set_key)
    for problem in problems:
        if problem.trouble is not Trouble.WEAK_IDENTITY:  # which matters where runs are compared
            click.echo(f"note: {problem}", err=True)
    return answers


def _read(answers: Sequence[Answers], reading: str, kept_as: str | None, clip_given: dict[str, Any]) -> list[Shown]:
    """What a reading that costs nothing makes of the answers."""
    name = kept_as or reading
    read = readers.by_label_match if reading == label_match.NAME else readers.by_clip_argmin(clip_given)
    return kept(answers, name, (readers.records(one, read, name) for one in answers))


def _judged(
    answers: Sequence[Answers], settings: JudgeSettings, ask: Ask, kept_as: str | None, batch: bool
) -> tuple[list[Shown], str | None]:
    """What the judge makes of the answers; how many have no verdict, in words, None where all have one."""
    with VerdictStore(settings.store) as store:
        judging = prepared(answers, settings, store, batch)
        click.echo(judging.plan.in_words, err=True)
        why, unscored = _asked(judging.plan, store, ask)
        name = kept_as or settings.protocol.reading
        return kept(answers, name, judged_records(judging, answers, store, name, why)), unscored


def _tell_cost(answers: Sequence[Answers], settings: JudgeSettings, batch: bool, as_json: bool) -> None:
    """What the judge would be asked, and what that costs."""
    with VerdictStore(settings.store) as store:
        plan = prepared(answers, settings, store, batch).plan
    click.echo(plan.in_words, err=True)
    click.echo(json.dumps(plan.summary(), indent=2) if as_json else "dry run: nothing was asked")


def _asked(plan: Plan, store: VerdictStore, ask: Ask) -> tuple[str, str | None]:
    """Ask what the plan lacks; why pairs have no verdict, and how many in words, None where all have one."""
    totals = ask(plan, store)
    if totals is not None:
        click.echo(totals_in_words(totals), err=True)
    missing = len(plan.questions) - len(store.verdicts(plan.questions))
    stopped = totals.stopped if totals else None
    if missing and missing == len(plan.questions):
        if totals is None:
            raise EmtError(f"none of these pairs is stored in {store.path}. Take them in: emt judge import FILE.")
        kind = RefusedToSpend if totals.failed["budget"] else EmtError
        raise kind(f"no verdict could be had: {(stopped or ', '.join(totals.failed)).rstrip('.')}.")
    return stopped or "the judge could not be asked", f"{missing:,} pairs have no verdict" if missing else None


def _asking(settings: JudgeSettings, yes: bool, replay: bool, batch: bool, poll: float) -> Ask:
    """How the judge is asked about what a plan lacks; None where nothing is."""

    def ask(plan: Plan, store: VerdictStore) -> Totals | None:
        if replay or not plan.missing:
            return None
        settings.require_key()
        budget = Budget(settings.max_usd, plan.price, batch)
        _require_yes(yes)
        questions: Mapping[str, Question] = plan.questions
        if batch:
            return ask_in_batches(questions, settings, store, budget, partial(click.echo, err=True), poll)
        with CallProgress(len(plan.missing)) as progress:
            return ask_all(questions, settings, store, budget, progress.advance)

    return ask


def _require_yes(yes: bool) -> None:
    """Raise where nobody allows to spend."""
    if yes:
        return
    if not may_ask_user():
        raise RefusedToSpend("this costs money and nobody is at a terminal to say yes. Add --yes, or --dry-run.")
    if not click.confirm("spend it?", err=True):
        raise RefusedToSpend("nothing was asked and nothing spent.")
