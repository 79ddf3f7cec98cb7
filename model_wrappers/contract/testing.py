"""The contract as tests: a class to derive from, for a wrapper's own pytest suite."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from model_wrappers.contract.subject import Subject
from model_wrappers.contract.suite import CHECKS, examined


class ContractTests:
    """One test for each check. A class derived from it says which model, and with which arguments.

    Its name has to begin with `Test`, or pytest passes it over:

        class TestMyModel(ContractTests):
            model = "my_model"

            @pytest.fixture(scope="class")
            def model_args(self, tmp_path_factory):
                return {"pretrained": str(make_toy(tmp_path_factory.mktemp("toy")))}

    Attributes:
        model: as `--model` has it.
        device: as `--device` has it.
    """

    model: ClassVar[str]
    device: ClassVar[str | None] = "cpu"

    @pytest.fixture(scope="class")
    def model_args(self) -> Mapping[str, Any]:
        """The arguments to load it with; `pretrained` names a toy of the true architecture."""
        raise NotImplementedError("override the fixture model_args: return {'pretrained': <folder>}")

    @pytest.fixture(scope="class")
    def subject(self, model_args: Mapping[str, Any]) -> Subject:
        """The wrapper, loaded once for all checks."""
        return Subject(self.model, model_args, self.device)

    @pytest.fixture(scope="class")
    def broken(self) -> list[str]:
        """The checks that have failed so far: others tell nothing after them."""
        return []

    @pytest.mark.parametrize("check", CHECKS)
    def test_it_keeps_the_contract(self, check: str, subject: Subject, broken: list[str]) -> None:
        """The check's promise holds, or is none of this model's."""
        found = examined(check, subject, broken)
        if found.verdict in ("not applicable", "not run"):
            pytest.skip(found.said)
        if found.verdict == "broken":
            broken.append(check)
        assert found.verdict == "holds", f"{found.promise}\n{found.said}\n{found.do}"
