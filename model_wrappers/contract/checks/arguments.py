"""Whether a slip of the pen is told."""

from model_wrappers.contract.findings import Broken
from model_wrappers.contract.subject import Subject

WRONG, RIGHT = "batch_sise", "batch_size"
DO = (
    "Refuse arguments that the constructor does not read, before anything is loaded, and say the nearest one: "
    "model_wrappers.arguments.given_arguments does."
)


def a_wrong_argument_is_told(subject: Subject) -> str:
    """An argument that does not exist is an error that says the nearest one which does."""
    subject.forget()
    try:
        subject.load(**{WRONG: 2})
    except Exception as error:  # a stranger's error, of whatever kind
        if WRONG in str(error) and RIGHT in str(error).replace(WRONG, ""):
            return f"{WRONG}= is refused: {str(error)[:80]}"
        raise Broken(f"{WRONG}= is refused with {type(error).__name__}: {str(error)[:200]!r}.", DO) from error
    raise Broken(f"{WRONG}=2 was taken without a word.", DO)
