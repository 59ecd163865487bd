"""The command `serve`. Nothing heavy is imported before it needs it."""

from typing import Annotated

import typer

from broadsheet.cli.options import Room, say
from broadsheet.errors import ModelError


def serve(
    newsroom: Room,
    host: Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; each opens the models itself.")] = 1,
) -> None:
    """Serve pages, the API, the desk and the operator's view of a newsroom over HTTP, until Ctrl-C or SIGTERM."""
    try:
        from broadsheet.service import server
    except ModuleNotFoundError as error:
        raise ModelError(f'{error.name} is not installed. Install it: pip install "broadsheet[serve]".') from error

    say(f"http://{host}:{port}/ is the front page; Ctrl-C ends.")
    server.serve(newsroom, host, port, workers)
