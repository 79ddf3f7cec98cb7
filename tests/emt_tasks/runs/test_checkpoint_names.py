"""Names of checkpoints' runs: each its own, the shortest that tells, whatever the folders are called."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emt_tasks.errors import EmtError
from emt_tasks.runs.checkpoint_names import checkpoint_names

# Few words, so that many end alike.
PARTS = st.sampled_from(["epoch-3.0", "epoch-12.0", "linear-mnist", "lora-mnist", "Lora-mnist", ".hidden", "x²", ".."])
FOLDERS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: Path("out", *parts)), max_size=6)


@given(FOLDERS)
@example([Path("out/epoch-3.0"), Path("out/epoch-3.0/epoch-3.0"), Path("/epoch-3.0")])
def test_no_two_folders_have_one_name(folders: list[Path]) -> None:
    try:
        names = checkpoint_names(folders)
    except EmtError:
        return
    assert len({name.casefold() for name in names}) == len({path.absolute().resolve() for path in folders})
    assert len({name.count("/") for name in names}) <= 1, "of one depth, so that no run lies in another's folder"
    assert not any(part.startswith(".") for name in names for part in name.split("/")), "they are found again"


@given(FOLDERS, st.randoms())
def test_names_do_not_depend_on_the_order_in_which_a_disk_lists_folders(folders: list[Path], chance) -> None:
    shuffled = list(folders)
    chance.shuffle(shuffled)
    try:
        names = checkpoint_names(folders)
    except EmtError:
        return
    assert list(checkpoint_names(shuffled)) == list(names)


def test_what_the_last_folder_tells_apart_is_called_by_it() -> None:
    assert list(checkpoint_names([Path("lora/epoch-10.0"), Path("lora/epoch-9.0")])) == ["epoch-9.0", "epoch-10.0"]


def test_folders_whose_names_differ_in_nothing_that_is_kept_are_refused() -> None:
    with pytest.raises(EmtError, match="one by one"):
        checkpoint_names([Path("/.a/epoch-1"), Path("/_a/epoch-1")])
