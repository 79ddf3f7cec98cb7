"""Write `emt_tasks/granularity/wordnet.json`: what WordNet 3.0 calls each class, and what it calls everything above it.

WordNet 3.0 is Debian's package `wordnet-base` (1:3.0-37; its files lie in /usr/share/wordnet), or Princeton's own
release, https://wordnetcode.princeton.edu/3.0/WordNet-3.0.tar.gz, folder `dict`. miniImageNet's WNIDs are offsets in
that version and in no other, so another one is refused.

    apt-get install wordnet-base && python scripts/build_lexicon.py
    python scripts/build_lexicon.py --wordnet folder-with-data.noun --check     # is the shipped file what this makes?
"""

import argparse
import hashlib
import json
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from emt_tasks.labels import ALL_SETS, LabelSet, label_set

DATA_NOUN_SHA256 = "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2"
ROOM = Path(__file__).parents[1] / "emt_tasks" / "granularity"
ABOVE = ("@", "@i")
"""WordNet's marks of a pointer to what is broader, of kinds and of instances."""
LICENCE = (
    "WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. See LICENSE.wordnet beside this file."
)


class Synset(NamedTuple):
    """One sense: its words with spaces, and the offsets of the senses right above it."""

    words: tuple[str, ...]
    above: tuple[str, ...]


def synsets_in(data_noun: str) -> dict[str, Synset]:
    """Every noun sense by its offset (eight digits), from the text of WordNet's file `data.noun` (see wndb(5WN))."""
    found = {}
    for line in data_noun.splitlines():
        if line.startswith("  "):  # the licence
            continue
        fields = line.partition(" | ")[0].split()
        count = int(fields[3], 16)
        words = tuple(fields[4 + 2 * i].replace("_", " ") for i in range(count))
        rest = fields[5 + 2 * count :]
        above = tuple(rest[i + 1] for i in range(0, 4 * int(fields[4 + 2 * count]), 4) if rest[i] in ABOVE)
        found[fields[0]] = Synset(words, above)
    return found


def without(synsets: Mapping[str, Synset], cut: Iterable[Mapping[str, str]]) -> dict[str, Synset]:
    """The senses without the pointers that `senses.json` takes away."""
    mended = dict(synsets)
    for pointer in cut:
        below = mended[pointer["below"]]
        if pointer["above"] not in below.above:
            raise SystemExit(f"{pointer['below']} is not under {pointer['above']}: nothing to cut. Mend senses.json.")
        mended[pointer["below"]] = below._replace(above=tuple(o for o in below.above if o != pointer["above"]))
    return mended


def steps_up(synsets: Mapping[str, Synset], starts: Iterable[str]) -> dict[str, int]:
    """Every sense that can be reached upwards from `starts`, with the fewest steps to it; `starts` are at 0."""
    steps = dict.fromkeys(starts, 0)
    waiting = deque(steps)
    while waiting:
        offset = waiting.popleft()
        for above in synsets[offset].above:
            if above not in steps:
                steps[above] = steps[offset] + 1
                waiting.append(above)
    return steps


def depth_of(synsets: Mapping[str, Synset], offset: str) -> int:
    """The fewest steps from a sense up to one with nothing above it (`entity`, which is at depth 0)."""
    return min(steps for above, steps in steps_up(synsets, [offset]).items() if not synsets[above].above)


def classes_of(labels: LabelSet, senses: Mapping[str, Any], synsets: Mapping[str, Synset]) -> list[dict[str, Any]]:
    """For each class of a set its senses, and what is above them with the steps up to it."""
    rows = []
    for label, hub_name in zip(labels.labels, labels.hub_names, strict=True):
        own = senses["synsets"].get(labels.key, {}).get(label, [])
        under = senses["under"].get(labels.key, {}).get(label, [])
        if labels.key == "miniimagenet":
            own = [hub_name.removeprefix("n")]
        if not own and not under:
            raise SystemExit(f"{labels.key}: {label!r} has no synset in senses.json. Add one.")
        above = {o: steps for o, steps in steps_up(synsets, own).items() if steps}
        above |= {o: steps + 1 for o, steps in steps_up(synsets, under).items()}
        rows.append({"label": label, "synsets": own, "above": dict(sorted(above.items(), key=lambda item: item[1]))})
    return rows


def lexicon(synsets: Mapping[str, Synset], senses: Mapping[str, Any]) -> dict[str, Any]:
    """The content of wordnet.json."""
    classes = {key: classes_of(label_set(key), senses, synsets) for key in ALL_SETS}
    used = sorted({o for rows in classes.values() for row in rows for o in (*row["synsets"], *row["above"])})
    return {
        "about": "Made by scripts/build_lexicon.py from WordNet 3.0 and senses.json; do not edit. `synsets` by offset: "
        "words, and depth below `entity`; `classes`: each class's synsets, and the steps up to each one above them.",
        "licence": LICENCE,
        "source": {
            "name": "WordNet 3.0",
            "from": "https://wordnet.princeton.edu, Debian package wordnet-base 1:3.0-37",
            "data_noun_sha256": DATA_NOUN_SHA256,
        },
        "synsets": {o: {"words": synsets[o].words, "depth": depth_of(synsets, o)} for o in used},
        "classes": classes,
    }


def written(content: Mapping[str, Any]) -> str:
    """`content` as JSON with a line for each synset and each class."""
    parts = []
    for name, value in content.items():
        if name == "synsets":
            lines = ",\n".join(f"  {json.dumps(o)}: {json.dumps(entry)}" for o, entry in value.items())
            parts.append(f' "synsets": {{\n{lines}\n }}')
        elif name == "classes":
            sets = (
                f"  {json.dumps(key)}: [\n" + ",\n".join(f"   {json.dumps(row)}" for row in rows) + "\n  ]"
                for key, rows in value.items()
            )
            parts.append(' "classes": {\n' + ",\n".join(sets) + "\n }")
        else:
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the file, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="folder of data.noun")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the shipped file differs")
    asked = parser.parse_args()
    file = asked.wordnet / "data.noun"
    if not file.is_file():
        parser.error(f"no {file}. Install Debian's wordnet-base, or name a folder with WordNet 3.0's data.noun.")
    stored = file.read_bytes()
    if hashlib.sha256(stored).hexdigest() != DATA_NOUN_SHA256:
        parser.error(f"{file} is not WordNet 3.0's: its sha256 is not {DATA_NOUN_SHA256}. Offsets differ by version.")
    senses = json.loads((ROOM / "senses.json").read_text(encoding="utf-8"))
    text = written(lexicon(without(synsets_in(stored.decode()), senses["cut"]), senses))
    target = ROOM / "wordnet.json"
    if asked.check:
        sys.exit(0 if target.read_text(encoding="utf-8") == text else f"{target} is not what this script makes.")
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
