"""Trainings of a miniature: their order, their pace, and that a killed one ends as one that was not."""

import resource
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from emt_tasks.errors import EmtError
from finetuning.mini.steps import Diverged, PaceFields, learn, order_of, share_done


@given(rows=st.integers(1, 30), size=st.integers(1, 40), seed=st.integers(0, 5))
def test_every_epoch_sees_each_row_once(rows: int, size: int, seed: int) -> None:
    steps = -(-2 * rows // size)
    seen = torch.cat([order_of(rows, size, step, seed) for step in range(steps)])
    for epoch in range(2):
        assert sorted(seen[epoch * rows : (epoch + 1) * rows].tolist()) == list(range(rows))


@given(
    st.builds(
        PaceFields,
        epochs=st.floats(0.5, 4),
        batch_size=st.integers(1, 9),
        learning_rate=st.just(1.0),
        warmup=st.floats(0, 0.5),
        cooldown=st.floats(0, 0.9),
    ),
    st.integers(1, 50),
)
def test_the_rate_is_never_above_its_highest_nor_zero(pace: PaceFields, rows: int) -> None:
    shares = [pace.share(step, rows) for step in range(pace.steps(rows))]
    assert all(0 < share <= 1 for share in shares)


def test_a_horizon_beyond_the_end_leaves_the_first_steps_as_they_were() -> None:
    long = PaceFields(epochs=5, batch_size=2, learning_rate=1)
    cut = PaceFields(epochs=3, horizon=5, cooldown=0.2, batch_size=2, learning_rate=1)
    before = range(round(0.8 * cut.steps(100)))
    assert [cut.share(step, 100) for step in before] == [long.share(step, 100) for step in before]
    assert cut.share(cut.steps(100) - 1, 100) < 0.05


def test_a_horizon_before_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"horizon \(1\) must be epochs \(3\) or more"):
        PaceFields(epochs=3, horizon=1, batch_size=2, learning_rate=1)


class Blocks(nn.Module):
    """What Muon and AdamW both have a part of."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(5, 4)
        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.Dropout(0.3)])
        self.head = nn.Linear(4, 1)


def trained(state: Path, killed_at: int | None = None, digest: str = "one", rate: float = 0.1) -> tuple[Blocks, float]:
    model, pace = Blocks(), PaceFields(epochs=3, batch_size=2, learning_rate=rate)

    def loss_of(step: int) -> Tensor:
        values = model.table(order_of(5, 2, step, 0))
        for part in model.blocks:
            values = part(values)
        return model.head(values).pow(2).mean()

    def advance(step: int) -> None:
        if step == killed_at:
            raise KeyboardInterrupt

    return model, learn(model, loss_of, pace, 5, 0, state, digest, advance, every=2)


def weights(model: nn.Module) -> list[list[float]]:
    return [weight.flatten().tolist() for weight in model.parameters()]


@pytest.mark.parametrize("killed_at", [1, 3, 4, 7])
def test_killed_at_any_step_it_ends_with_the_same_weights(tmp_path: Path, killed_at: int) -> None:
    whole, loss = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "state", killed_at)
    resumed, again = trained(tmp_path / "state")
    assert weights(resumed) == weights(whole)
    assert again == loss


def test_a_state_says_how_far_its_own_training_is_and_nothing_of_others(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert share_done(state, "one") == 0
    with pytest.raises(KeyboardInterrupt):
        trained(state, 5)
    assert share_done(state, "one") == 4 / 8
    assert share_done(state, "other") == 0
    held = torch.load(state, weights_only=True)
    for odd in ({"steps": "8"}, {"steps": 4}, {"losses": None}):
        torch.save(held | odd, state)
        assert share_done(state, "one") == 0
    del held["steps"]  # as an older version has left it
    torch.save(held, state)
    assert share_done(state, "one") == 0
    trained(state)


@pytest.mark.parametrize("torn", [b"", b"no state"])
def test_a_torn_state_or_one_of_another_training_is_not_gone_on_from(tmp_path: Path, torn: bytes) -> None:
    whole, _ = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "other", 5, digest="other")
    assert weights(trained(tmp_path / "other")[0]) == weights(whole)
    (tmp_path / "torn").write_bytes(torn)
    assert weights(trained(tmp_path / "torn")[0]) == weights(whole)


def test_a_training_that_diverges_is_no_finished_one(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"diverged: its loss is (inf|nan) at step \d of 8\."):
        trained(tmp_path / "state", rate=1e30)


@pytest.mark.parametrize("wrong", [{"losses": 3}, {"model": {}}, {"optimizers": []}, {"losses": ["x"]}])
def test_a_state_of_this_training_that_fits_nothing_is_told_of(tmp_path: Path, wrong: dict[str, object]) -> None:
    state = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        trained(state, 5)
    torch.save(torch.load(state, weights_only=True) | wrong, state)
    with pytest.raises(EmtError, match=r"state can't be gone on from .* Delete it"):
        trained(state)


def test_a_state_that_is_no_mapping_is_not_gone_on_from(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list")
    assert weights(trained(tmp_path / "list")[0]) == weights(trained(tmp_path / "whole")[0])


def test_a_full_disk_is_an_error_of_the_disk(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    try:
        with pytest.raises(OSError, match="File too large"):
            trained(tmp_path / "state")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
