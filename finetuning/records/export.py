"""Records as files that others train on: the LLaVA repository's JSON with its pictures, and a `datasets` table."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import write_json
from finetuning.records.rows import InstructionRows
from finetuning.records.wording import IMAGE

RECORDS = "records.json"
IMAGES = "images"
TABLE = "train-00000-of-00001.parquet"
ROWS_AT_ONCE = 500
MARK = "emt_records.json"


def conversation(question: str, answer: str) -> list[dict[str, str]]:
    r"""One turn in the LLaVA repository's form: `<image>` first, on a line of its own.

    Its training moves the sign there itself; LLaMA-Factory counts it.

    >>> conversation("What is it? <image>", "A dog.")[0]["value"]
    '<image>\nWhat is it?'
    """
    asked = " ".join(part.strip() for part in question.split(IMAGE) if part.strip())
    return [{"from": "human", "value": f"{IMAGE}\n{asked}"}, {"from": "gpt", "value": answer}]


def write_records(
    rows: InstructionRows, out: Path, form: str = "llava", advance: Callable[[int], None] = lambda _: None
) -> int:
    """Write `rows` below `out`; never more than some hundred pictures are in memory.

    Args:
        rows: to write.
        out: a folder that is not there yet, or that this has made.
        form: "llava": records.json beside images/, and LLaMA-Factory's dataset_info.json; "datasets": a folder that
            `datasets.load_dataset` reads, with the columns image, conversations, label, set.
        advance: called with the number of rows that were written.

    Returns:
        The number of records.

    Raises:
        EmtError: `out` is somebody else's, the disk is full, or a picture can't be read.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise EmtError(f"{out} is there and was not made here, so it stays as it is. Choose another --out.")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        (_write_llava if form == "llava" else _write_table)(rows, part, advance)
        write_json(part / MARK, {"schema": 1, "form": form, "records": len(rows), "data": rows.told()})
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    except OSError as error:
        raise EmtError(f"{out} can't be written ({error}). Make room, or choose another --out.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(rows)


def _write_llava(rows: InstructionRows, out: Path, advance: Callable[[int], None]) -> None:
    with (out / RECORDS).open("w", encoding="utf8") as file:
        file.write("[")
        for place, record in enumerate(_records(rows, out)):
            # ASCII: the LLaVA repository opens the file in whatever encoding its machine has.
            file.write((",\n" if place else "\n") + json.dumps(record))
            advance(1)
        file.write("\n]\n")
    # Source: LLaMA-Factory's data/README.md, sharegpt form with `conversations` and a column of pictures.
    columns = {"messages": "conversations", "images": "images"}
    about = {"file_name": RECORDS, "formatting": "sharegpt", "columns": columns}
    write_json(out / "dataset_info.json", {f"emt_{rows.name}": about})


def _records(rows: InstructionRows, out: Path) -> Iterator[dict[str, Any]]:
    """Each record; a picture that stands in several is written once."""
    for place in range(len(rows)):
        part, row = rows.place(place)
        target = int(part.source.targets[row])
        said = part.wording.said(target, f"{part.source.name} {row}")
        file = Path(IMAGES) / part.source.name / f"{row // 1000:05d}" / f"{row:08d}.png"
        if not (out / file).is_file():
            (out / file).parent.mkdir(parents=True, exist_ok=True)
            part.source.picture(row).save(out / file)
        yield {
            "id": f"{part.source.name}-{row:08d}-{place}",
            "image": file.as_posix(),
            "images": [file.as_posix()],
            "conversations": conversation(said.question, said.answer),
            "label": part.source.labels[target],
            "set": part.source.name,
        }


def _write_table(rows: InstructionRows, out: Path, advance: Callable[[int], None]) -> None:
    from datasets import Features, Value
    from datasets import Image as Picture

    turn = {"from": Value("string"), "value": Value("string")}
    features = Features(
        {
            "id": Value("string"),
            "image": Picture(),
            "conversations": [turn],
            "label": Value("string"),
            "set": Value("string"),
        }
    )
    scratch = out / ".pictures"
    with pq.ParquetWriter(out / TABLE, features.arrow_schema) as writer:
        batch = []
        for record in _records(rows, scratch):
            del record["images"]
            path = scratch / record["image"]
            batch.append(record | {"image": {"bytes": path.read_bytes(), "path": os.path.basename(path)}})  # noqa: PTH119
            path.unlink()
            if len(batch) == ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_pylist(batch, schema=features.arrow_schema))
                batch = []
            advance(1)
        if batch:
            writer.write_table(pa.Table.from_pylist(batch, schema=features.arrow_schema))
    shutil.rmtree(scratch)
