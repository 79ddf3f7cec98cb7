"""Write the tables of docs/reproduction.md from its three reports, or see whether it has them.

    emt report out/mini/runs out/mini-seeds/runs --out out/report
    emt report out/mini/runs --variant choice --out out/report-choice
    emt report out/mini-gentle/runs --out out/report-gentle
    python scripts/reproduction_tables.py out/report out/report-choice out/report-gentle
    python scripts/reproduction_tables.py out/report out/report-choice out/report-gentle --check

A table of the document is known by its first line; what stands around it is nobody's but the writer's.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[1] / "docs" / "reproduction.md"
SETS = {"mnist": "MNIST", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "miniimagenet": "miniImageNet"}
METHODS = {"linear": "linear", "lora": "LoRA", "prompt": "prompt"}
SHOWN = 0.05  # of Holm's p
Report = Mapping[str, Any]


def tables(words: Report, choice: Report, gentle: Report) -> Iterator[str]:
    """Each table, as Markdown without a last line's end.

    Args:
        words: `report.json` by `label_match`, of all seeds.
        choice: that by `choice`.
        gentle: that of the tunings at a tenth of the rate.
    """
    yield _claims(words, choice)
    yield _grid(words)
    yield _grid(choice)
    yield _grid(gentle)
    yield _rates(words, gentle)
    yield _foreign(words)


def missing(document: str, *reports: Report) -> list[str]:
    """The tables of these three reports that `document` has not, line for line."""
    return [table for table in tables(*reports) if table not in document]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    wide = ["|" + "|".join(f" {cell} " if cell else " " for cell in line) + "|" for line in lines]
    return "\n".join([wide[0], "|" + "---|" * len(head), *wide[2:]])


def _points(share: float) -> str:
    """A difference in points, with a minus as it is printed."""
    return f"{100 * share:+.1f}".replace("-", "−") if abs(100 * share) >= 0.05 else "0.0"  # noqa: RUF001  # a minus


def _interval(ends: Sequence[float]) -> str:
    return f"[{_points(ends[0])}, {_points(ends[1])}]"


def _claims(words: Report, choice: Report) -> str:
    by_choice = {(claim["claim"], place): part for claim, place, part in _parts(choice)}
    rows = []
    for claim, place, part in _parts(words):
        other = by_choice[claim["claim"], place]
        shown = (f"**{part['verdict']}**", _mean(part), _counted(part))
        also = (f"**{other['verdict']}**", _mean(other), _counted(other))
        rows.append([f"({claim['claim']})", part["says"], *shown, *also])
    head = ["", "claim", "by `label_match`", "mean difference", "as claimed / other way / not shown"]
    return _markdown([*head, "by `_choice`", "mean difference", ""], rows)


def _rates(words: Report, gentle: Report) -> str:
    """The claims about tunings at both rates."""
    by_claim = {(claim["claim"], place): part for claim, place, part in _parts(gentle)}
    rows = []
    for claim, place, part in _parts(words):
        other = by_claim[claim["claim"], place]
        if other["mean"] is not None:  # the encoder was asked once
            told = [f"**{one['verdict']}**, {_mean(one)}" for one in (part, other)]
            rows.append([f"({claim['claim']})", part["says"], *told])
    return _markdown(["", "claim", "at 2e-3", "at 2e-4"], rows)


def _parts(report: Report) -> Iterator[tuple[Report, int, Report]]:
    for claim in report["claims"]:
        for place, part in enumerate(claim["parts"]):
            yield claim, place, part


def _mean(part: Report) -> str:
    return f"{_points(part['mean']['value'])} {_interval(part['mean']['interval'])}"


def _counted(part: Report) -> str:
    ways = [pair["difference"] * part["claimed"] for pair in part["evidence"] if pair["p_holm"] <= SHOWN]
    for_it, against = sum(way > 0 for way in ways), sum(way < 0 for way in ways)
    return f"{for_it} / {against} / {len(part['evidence']) - for_it - against}"


def _grid(report: Report) -> str:
    runs = {run["run"]: run for run in report["runs"]}
    scores = {(score["run"], score["set"]): score for score in report["scores"]}
    base = _base(report)
    rows = [["base", "", "", *(f"{100 * scores[base, key]['accuracy']:.1f}" for key in SETS)]]
    cells: dict[tuple[str, str, str], Report] = {}
    for cell in report["grid"]:
        run = runs[cell["runs"][0]]
        cells["+".join(run["sets"]), run["method"], cell["set"]] = cell
    for tuned in SETS:
        for method in METHODS:
            found = [cells[tuned, method, key] for key in SETS if (tuned, method, key) in cells]
            if not found:
                continue
            seeds = str(len(found[0]["runs"]))
            rows.append([SETS[tuned], METHODS[method], seeds, *map(_cell, found)])
    return _markdown(["tuned on", "by", "seeds", *SETS.values()], rows)


def _cell(cell: Report) -> str:
    change = cell["change"]
    told = f"{100 * cell['accuracy']:.1f} ({_points(change['value'])} {_interval(change['interval'])})"
    return f"*{told}*" if cell["tuned_on"] else told


def _foreign(report: Report) -> str:
    """Answers about the other three sets that hold another set's word, after epoch 3 of seed 0."""
    counts: dict[str, dict[str, int]] = {}
    for score in report["scores"]:
        counts.setdefault(score["run"], {})[score["set"]] = score["foreign"]
    last = {
        (run["method"], *run["sets"]): run["run"]
        for run in report["runs"]
        if run["role"] == "tuned" and (run["epoch"], run["seed"]) == (3, 0)
    }
    rows = []
    for tuned in SETS:
        asked = (_base(report), *(last[method, tuned] for method in METHODS))
        told = [str(sum(count for key, count in counts[run].items() if key != tuned)) for run in asked]
        rows.append([SETS[tuned], *told])
    return _markdown(["tuned on", "base", *METHODS.values()], rows)


def _base(report: Report) -> str:
    return next(str(run["run"]) for run in report["runs"] if run["role"] == "base")


def main() -> int:
    """Print the tables, or the first that the document lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", type=Path, help="folder of the report by label_match")
    parser.add_argument("choice", type=Path, help="that by choice")
    parser.add_argument("gentle", type=Path, help="that of a tenth of the rate")
    parser.add_argument("--check", action="store_true", help="say which tables docs/reproduction.md has not")
    said = parser.parse_args()
    folders = (said.words, said.choice, said.gentle)
    reports = [json.loads((folder / "report.json").read_text(encoding="utf8")) for folder in folders]
    told = missing(DOCUMENT.read_text(encoding="utf8"), *reports) if said.check else list(tables(*reports))
    sys.stdout.write("".join(f"{table}\n\n" for table in told))
    return 1 if said.check and told else 0


if __name__ == "__main__":
    sys.exit(main())
