"""What the benchmarks share: two sides measured in turn, medians, one table."""

import os
import platform
import statistics
import time

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.versions import versions


def in_turn(*functions, rounds):
    """Call functions in turn, so that a machine that slows down slows all of them; return their medians.

    Args:
        *functions: measure once and return a number, or a tuple of numbers.
        rounds: int, calls of each that count; one more of each warms up.

    Returns:
        tuple of the median of each function; of tuples, the median in each place.
    """
    for function in functions:
        function()
    measured = [[function() for function in functions] for _ in range(rounds)]
    return tuple(_median(values) for values in zip(*measured, strict=True))


def _median(values):
    if isinstance(values[0], tuple):
        return tuple(map(statistics.median, zip(*values, strict=True)))
    return statistics.median(values)


def seconds(function):
    """Return how long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def row(what, unit, ours, peer, peer_name):
    """Return a row of the table; its ratio is above 1 where ours is better, None where a side is 0.

    Args:
        what: str, what was measured.
        unit: str; "%" and what ends in "/s" is better when higher, any other when lower.
        ours, peer: floats.
        peer_name: str.

    Returns:
        dict.
    """
    better, worse = (ours, peer) if unit.endswith(("/s", "%")) else (peer, ours)
    ratio = better / worse if better and worse else None
    return {"what": what, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ratio}


def report(rows, output, **more_versions):
    """Print the table, and write it as JSON if an output file is given.

    Args:
        rows: list of dict from `row`.
        output: Path of a JSON file, or None.
        **more_versions: version of each peer.
    """
    width = max(len(entry["what"]) for entry in rows)
    print(f"\n{'':<{width}}  {'ours':>9}  {'peer':>9}  unit         ratio  peer")
    for entry in rows:
        print(
            f"{entry['what']:<{width}}  {entry['ours']:>9,.1f}  {entry['peer']:>9,.1f}  {entry['unit']:<11}  "
            f"{entry['ratio'] or float('nan'):>5.2f}  {entry['peer_name']}"
        )
    if output is not None:
        machine = f"{platform.machine()}, {os.cpu_count()} CPU cores"
        files.write_json(output, {"rows": rows, "machine": machine, "versions": {**versions(), **more_versions}})


def require_torch():
    """Return PyTorch, set to use every core.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise InputError("This benchmark measures beside PyTorch: pip install torch") from error
    torch.set_num_threads(os.cpu_count())
    return torch
