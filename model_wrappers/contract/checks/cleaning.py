"""Whether a model can be evaluated twice."""

from model_wrappers.contract.findings import Broken
from model_wrappers.contract.samples import LISTED, generation
from model_wrappers.contract.subject import Subject

DO = "lmms.clean() deletes every nn.Module of the wrapper: write a `clean` that frees caches alone, as Wrapper's does."


def survives_cleaning(subject: Subject) -> str:
    """The harness cleans a model after each evaluation; it answers as before, so that a sweep loads it once."""
    asked = [generation(LISTED, row) for row in range(3)]
    before = subject.answers(asked)
    subject.lm.clean()
    try:
        after = subject.answers(asked)
    except Exception as error:
        raise Broken(f"After clean() it raises {type(error).__name__}: {str(error)[:120]}.", DO) from error
    finally:
        subject.forget()
    if after != before:
        raise Broken(f"{before[0][:60]!r} became {after[0][:60]!r} after clean().", DO)
    return "answers after clean() are those before"
