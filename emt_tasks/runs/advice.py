"""What to do about rows that a run lacks: only emt run asks for those alone."""

from dataclasses import dataclass

from emt_tasks.runs.run_folders import Start


@dataclass(frozen=True, slots=True)
class Advice:
    """How to have what one start of a run lacks.

    Attributes:
        lost: rows that were written and are broken or cut off.
        unscored: rows that have no reading.
    """

    lost: str
    unscored: str


OF_EMT_RUN = Advice(
    "Run the same command again: emt run asks only for what is missing.",
    "Run the same command again, or emt score, to have them; comparisons leave them out.",
)
OF_LM_EVAL = Advice(
    "Copy the whole file anew; running lm_eval again asks for everything.",
    "emt score reads them anew; running lm_eval again asks for everything; comparisons leave them out.",
)
OF_ANOTHER = Advice(
    "Copy the whole file anew, or make it again: lmms-eval asks for everything, and emt score reads a table again.",
    "emt score reads them anew; what got no answer must be asked again where it was asked; comparisons leave them out.",
)
OF_READINGS = Advice("Read the answers anew with emt score.", "emt score has them; comparisons leave them out.")


def advice_about(start: Start) -> Advice:
    """What may be done about `start`: of emt run (it has a manifest), of lm_eval, of plain lmms-eval or of a table."""
    if start.manifest is not None:
        return OF_EMT_RUN
    return OF_LM_EVAL if start.harness == "lm-eval" else OF_ANOTHER
