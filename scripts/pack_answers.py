"""Write what models answered, without prompts, as one archive that `emt report` reads once it is unpacked.

A sample log repeats its question in every row, and a `_choice` log the likelihood of every label; for a hundred runs
that is gigabytes. What numbers are made of, each answer with its reading and its picture's hash, is a few megabytes.
What a checkpoint's folder says of its tuning goes with it, and no weights.

    python scripts/pack_answers.py out/mini/runs out/mini-seeds/runs --within out --out docs/answers/mini.tar.xz \
        --called /data/sets=sets

The same runs give the same archive, byte for byte.
"""

import argparse
import io
import json
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.forgetting.checkpoints import FILE as CHECKPOINT
from emt_tasks.runs.run_folders import Start, starts
from emt_tasks.runs.sample_log import read_log

RESULTS = ("results", "versions", "n-samples", "higher_is_better", "date", "model_source")  # of a results file


def packed(runs: list[Path], within: Path, called: Mapping[str, str]) -> bytes:
    """The archive of every run below `runs`.

    Args:
        runs: folders of runs.
        within: the folder above them that names in the archive begin below; it is left out of paths in the files, too.
        called: what other paths of this machine are called in the archive.

    Raises:
        EmtError: there are none, or a log is damaged.
    """
    renamed = {f"{within.resolve()}/": "", **called}
    files = sorted({pair for start in starts(runs) for pair in _files(start, within, renamed)})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz", preset=9) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)  # no owner, no time
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _files(start: Start, within: Path, renamed: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of one run."""
    for path in filter(None, (start.manifest, start.results, *_tunings(start))):
        said = json.loads(path.read_text(encoding="utf8"))
        if path == start.results:
            said = {name: said[name] for name in RESULTS if name in said}
        yield _name(path, within), json.dumps(_elsewhere(said, renamed), indent=1, sort_keys=True).encode()
    for path in start.samples.values():
        log = read_log(path)
        if log.broken or log.cut_off:
            raise EmtError(f"{path} has lines that are no rows. Run it again: an archive leaves nothing out.")
        yield _name(path, within), b"".join(_row(line) for line in log.lines)


def _tunings(start: Start) -> Iterator[Path]:
    """What the folder of the checkpoint that was asked says of its tuning."""
    if start.manifest is None:
        return
    loaded = json.loads(start.manifest.read_text(encoding="utf8"))["model_args"]
    for name in ("pretrained", "peft", "projector"):
        told = Path(loaded.get(name, "")) / CHECKPOINT
        if name in loaded and told.is_file():
            yield told
        elif name in loaded and name != "pretrained":  # a base has none
            raise EmtError(
                f"{start.manifest}: there is no {told}. Start where its paths are right, beside its weights."
            )


def _name(path: Path, within: Path) -> str:
    return path.resolve().relative_to(within.resolve()).as_posix()


def _row(line: Any) -> bytes:
    emt = {name: getattr(line.emt, name) for name in line.emt.__struct_fields__}
    return json.dumps({"doc_id": line.doc_id, "emt": emt}, separators=(",", ":")).encode() + b"\n"


def _elsewhere(said: Any, renamed: Mapping[str, str]) -> Any:
    """`said` with this machine's paths as the archive calls them."""
    if isinstance(said, dict):
        return {name: _elsewhere(value, renamed) for name, value in said.items()}
    if isinstance(said, list):
        return [_elsewhere(value, renamed) for value in said]
    if isinstance(said, str):
        for here, there in renamed.items():
            said = said.replace(here, there)
    return said


def main() -> None:
    """Pack the runs that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--within", type=Path, required=True, help="the folder above them, left out of every name")
    parser.add_argument("--called", action="append", default=[], metavar="PATH=NAME", help="another path to rename")
    parser.add_argument("--out", type=Path, required=True, help="the archive")
    said = parser.parse_args()
    called = dict(pair.split("=", 1) for pair in said.called)
    content = packed(said.runs, said.within, called)
    said.out.parent.mkdir(parents=True, exist_ok=True)
    said.out.write_bytes(content)
    sys.stdout.write(f"{said.out}: {len(content) / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
