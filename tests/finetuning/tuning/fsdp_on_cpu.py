"""`python -m emt_tasks` with FSDP on CPU ranks, which accelerate refuses and torch's FSDP2 does not."""

import runpy
from typing import Any

import accelerate.state
from accelerate.utils import DistributedType

State = accelerate.state.AcceleratorState
made = State.__init__


def with_fsdp(self: Any, *given: Any, fsdp_plugin: Any = None, **named: Any) -> None:
    made(self, *given, fsdp_plugin=fsdp_plugin, **named)
    if fsdp_plugin is not None and self.distributed_type == DistributedType.MULTI_CPU:
        self.fsdp_plugin = fsdp_plugin
        self.distributed_type = DistributedType.FSDP
        accelerate.state.PartialState._shared_state["distributed_type"] = DistributedType.FSDP


if __name__ == "__main__":
    State.__init__ = with_fsdp
    runpy.run_module("emt_tasks", run_name="__main__")
