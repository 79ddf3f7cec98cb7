"""Uncertainty of what was counted: pure functions of counts and of paired outcomes."""
