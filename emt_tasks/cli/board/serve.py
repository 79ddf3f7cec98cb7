"""`emt board serve`: a built board on this machine."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from emt_tasks.errors import EmtError

LOOPBACK = "127.0.0.1"


@click.command()
@click.argument("site", type=click.Path(file_okay=False, path_type=Path), default=Path("site"))
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
def command(site: Path, port: int) -> None:
    """Serve SITE, a built board, on 127.0.0.1; nobody else can reach it. Ctrl-C ends.

    \b
    Examples:
      emt board serve site
      emt board serve site --port 0
    """
    from emt_tasks.cli import INTERRUPTED, TERMINATED, Terminated

    if not (site / "index.html").is_file():
        raise EmtError(f"{site} holds no index.html. Build it first: emt board build --out {site}")
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(SimpleHTTPRequestHandler, directory=str(site)))
    except OSError as error:
        raise EmtError(f"port {port} can't be had ({error.strerror}). Choose another with --port, or 0.") from error
    try:
        with server:
            click.echo(f"http://{LOOPBACK}:{server.server_port}/  (Ctrl-C ends)", err=True)
            server.serve_forever()
    except KeyboardInterrupt as stop:  # nothing is kept or to be gone on with, as after other commands
        click.echo("stopped", err=True)
        raise click.exceptions.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from stop
