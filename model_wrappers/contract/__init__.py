"""What every wrapper promises, and the checks that find out: ours and any that registers with the harness.

`emt contract MODEL --model-args ...` prints them as a table; `contract.testing.ContractTests` has them as tests. Run
them on a toy of the true architecture, on a CPU in float32: there equal means equal.
"""

from model_wrappers.contract.findings import Broken, DoesNotApply, Finding
from model_wrappers.contract.subject import Subject
from model_wrappers.contract.suite import CHECKS, Check, chosen, examined, findings

__all__ = ["CHECKS", "Broken", "Check", "DoesNotApply", "Finding", "Subject", "chosen", "examined", "findings"]
