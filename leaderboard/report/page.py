"""The report as one HTML file that loads nothing and runs nothing."""

from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Template
from markupsafe import Markup

from emt_tasks.documents.templates import page_templates
from emt_tasks.escaping import plain
from emt_tasks.forgetting.claims import Verdict
from emt_tasks.forgetting.findings import Findings
from leaderboard.figures.embedding import inline
from leaderboard.look.policy import policy
from leaderboard.report import boxes, failures
from leaderboard.report.drawings.figure import Figure
from leaderboard.report.pictured import Pictured
from leaderboard.report.sections import method
from leaderboard.report.sections.claims import evidence
from leaderboard.report.sections.section import Section

SIGNS: Mapping[Verdict, str] = {Verdict.HOLDS: "✓", Verdict.DOES_NOT: "✗", Verdict.CANT_TELL: "?"}
LONG = 12  # rows: longer tables are folded


def page(
    found: Findings, title: str, parts: Sequence[Section], drawn: Mapping[str, str], figures: Sequence[Figure],
    pictured: Pictured,
) -> str:  # fmt: skip
    """The whole page.

    Args:
        found: what runs tell.
        title: the page's.
        parts: sections in order.
        drawn: SVG text by the name of its figure.
        figures: in order.
        pictured: failures and examples.
    """
    svgs = {name: Markup(inline(svg, name)) for name, svg in drawn.items()}  # noqa: S704  # checked by `inline`
    return _template().render(
        found=found, title=title, sections=parts, figures=figures, svgs=svgs, pictured=pictured,
        rules={"failures": failures.rule(found), "examples": boxes.rule(found)}, signs=SIGNS, evidence=evidence,
        method=method(found), long=LONG, policy=policy(),
    )  # fmt: skip


@cache
def _template() -> Template:
    environment = page_templates("leaderboard")
    environment.filters["line"] = plain
    return environment.get_template("report/page.html.j2")
