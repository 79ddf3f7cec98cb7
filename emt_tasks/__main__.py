"""`python -m emt_tasks` is `emt`: what torchrun and accelerate start on every rank."""

from emt_tasks.cli import main

main()
