"""The board's page: one HTML file that loads nothing, whole without its script, in each of its languages."""

from leaderboard.page.page import render

__all__ = ["render"]
