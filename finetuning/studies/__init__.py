"""Grids of jobs: planned, timed, run, and continued where they stopped."""
