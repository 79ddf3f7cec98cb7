"""The script that makes the lexicon: WordNet's file format, and the shipped file against WordNet itself."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "build_lexicon.py"
WORDNET = Path("/usr/share/wordnet")
NOUNS = """  1 This software and database is being provided to you, the LICENSEE
00001740 03 n 01 entity 0 000 | that which is perceived
02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 003 @ 02083346 n 0000 #m 02083863 n 0000 @ 01317541 n 0000 | a
02083346 05 n 02 canine 0 canid 0 001 @ 00001740 n 0000 | any of various
01317541 05 n 01 domestic_animal 0 001 @ 02083346 n 0000 | any of various
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_lexicon", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_senses_are_read_with_their_words_and_what_is_above_them(script: ModuleType) -> None:
    synsets = script.synsets_in(NOUNS)
    assert synsets["02084071"].words == ("dog", "domestic dog", "Canis familiaris")
    assert synsets["02084071"].above == ("02083346", "01317541")  # #m is membership, nothing above


def test_steps_and_depth_are_the_fewest(script: ModuleType) -> None:
    synsets = script.synsets_in(NOUNS)
    assert script.steps_up(synsets, ["02084071"]) == {"02084071": 0, "02083346": 1, "01317541": 1, "00001740": 2}
    assert script.depth_of(synsets, "02084071") == 2


def test_cutting_a_pointer_that_is_not_there_is_refused(script: ModuleType) -> None:
    with pytest.raises(SystemExit, match="nothing to cut"):
        script.without(script.synsets_in(NOUNS), [{"below": "02083346", "above": "01317541"}])


def test_another_version_of_wordnet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    ran = subprocess.run([sys.executable, SCRIPT, "--wordnet", tmp_path, "--check"], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "is not WordNet 3.0's" in ran.stderr


@pytest.mark.skipif(not (WORDNET / "data.noun").exists(), reason="needs Debian's wordnet-base")
def test_the_shipped_file_is_what_the_script_makes() -> None:
    ran = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
