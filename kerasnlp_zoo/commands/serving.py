"""`kerasnlp-zoo serve`: answer HTTP requests as TensorFlow Serving does."""

import sys
from typing import Annotated

import tyro

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.interruption import sigterm_interrupts
from kerasnlp_zoo.serving.limits import Limits
from kerasnlp_zoo.serving.model_names import Source, sources

Models = Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[NAME=]ENTRY")]
Origins = Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="ORIGIN")]


def serve(
    limits: tyro.conf.OmitArgPrefixes[Limits],
    models: Models = (),
    host: str = "127.0.0.1",
    port: int = 8501,
    cors_origin: Origins = (),
) -> None:
    """Answer HTTP requests with entries and exported SavedModels, as TensorFlow Serving does.

    Requests that arrive together are answered in one batch. SIGTERM and Ctrl-C end the server: running requests are
    answered. Standard error has a JSON object for each request.

    Args:
        models: Names or folders of entries, folders of runs, or folders of exported SavedModels. NAME= gives a model
            another name than that of its folder.
        host: Address to listen at. 0.0.0.0: all addresses of this machine.
        port: Port to listen at. 0: any that is free.
        cors_origin: A web site whose pages may read the answers, such as https://example.com. Repeat the flag for more.
    """
    found = sources(models)
    for origin in cors_origin:
        if origin != "*" and (not origin.startswith(("http://", "https://")) or origin.count("/") != 2):
            raise InputError(f"--cors-origin is an origin such as https://example.com, or '*'. Received: {origin!r}")
    from kerasnlp_zoo.serving.installed import require_serving
    from kerasnlp_zoo.serving.sockets import bound_socket

    require_serving()
    with sigterm_interrupts(), bound_socket(host, port) as opened:
        from kerasnlp_zoo.serving.app import make_app
        from kerasnlp_zoo.serving.monitoring import log_to_standard_error
        from kerasnlp_zoo.serving.served_models import load_model
        from kerasnlp_zoo.serving.server import run

        loaded = []
        for source in found:
            print(f"Loading {source.name} from {source.path}", file=sys.stderr)
            loaded.append(load_model(source))
        url = f"http://{f'[{host}]' if ':' in host else host}:{opened.getsockname()[1]}"
        log_to_standard_error()
        run(make_app(loaded, limits, cors_origin), opened, limits, on_ready=lambda: _say(url, found))


def _say(url: str, found: list[Source]) -> None:
    """Print the addresses of the models."""
    for source in found:
        print(f"{url}/v1/models/{source.name}:predict")
    print(f"Ready. Metrics: {url}/metrics. Stop with Ctrl-C", flush=True)
