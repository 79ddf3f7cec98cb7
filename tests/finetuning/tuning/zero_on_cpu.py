"""`python -m emt_tasks` with DeepSpeed ZeRO on CPU ranks (DS_ACCELERATOR=cpu), where accelerate takes plain DDP."""

import runpy
from typing import Any

import accelerate.state
from accelerate.utils import DistributedType

State = accelerate.state.AcceleratorState
made = State.__init__


def with_zero(self: Any, *given: Any, deepspeed_plugin: Any = None, **named: Any) -> None:
    made(self, *given, deepspeed_plugin=deepspeed_plugin, **named)
    if deepspeed_plugin is not None and self.distributed_type == DistributedType.MULTI_CPU:
        self.distributed_type = DistributedType.DEEPSPEED
        accelerate.state.PartialState._shared_state["distributed_type"] = DistributedType.DEEPSPEED
        plugins = deepspeed_plugin if isinstance(deepspeed_plugin, dict) else {"default": deepspeed_plugin}
        for plugin in plugins.values():
            plugin.set_mixed_precision("no")
        next(iter(plugins.values())).select(_from_accelerator_state=True)
        self.deepspeed_plugins = deepspeed_plugin


if __name__ == "__main__":
    State.__init__ = with_zero
    runpy.run_module("emt_tasks", run_name="__main__")
