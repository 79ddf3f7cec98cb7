"""The launch configs as accelerate's own launcher reads them."""

from pathlib import Path

import pytest
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_deepspeed_cmd_env

LAUNCH = Path(__file__).parents[3] / "finetuning" / "launch"


@pytest.mark.parametrize("stage", ["2", "3"])
def test_processes_can_read_what_the_launcher_tells_them_of_zero(stage: str) -> None:
    asked = launch_command_parser().parse_args(["--config_file", str(LAUNCH / f"zero{stage}.yaml"), "train.py"])
    known, _, _ = _validate_launch_command(asked)
    known.deepspeed_fields_from_accelerate_config = ""  # which `accelerate launch` adds at last
    _, told = prepare_deepspeed_cmd_env(known)
    assert (told["ACCELERATE_USE_DEEPSPEED"], told["ACCELERATE_DEEPSPEED_ZERO_STAGE"]) == ("true", stage)
    assert int(
        told.get("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "1")
    )  # accelerate makes a number of it, "auto" or not
