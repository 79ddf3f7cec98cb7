"""Figures as Vega-Lite specs, plain dicts that carry their data, rendered offline to SVG and PNG.

Colours are Okabe and Ito's, which the colour-blind can tell apart, and keep their order of lightness in print; shape,
dash or a written number says the same again.
"""

from leaderboard.figures.before_and_after import Share, before_after
from leaderboard.figures.rendering import write_figure

__all__ = ["Share", "before_after", "write_figure"]
