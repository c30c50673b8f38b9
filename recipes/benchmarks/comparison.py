"""Functions that the benchmarks share: alternating measurements, medians and the table."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.versions import versions

Row: TypeAlias = dict[str, Any]  # a row of the table


class Settings(Protocol):
    """The settings of a benchmark."""

    rounds: int
    steps: int
    smoke: bool


def in_turn(*functions: Callable[[], Any], rounds: int) -> tuple[Any, ...]:
    """Call functions alternately and return their medians; a slower phase of the machine then affects all of them.

    Args:
        *functions: each measures once and returns a number, or a tuple of numbers.
        rounds: number of measured calls of each function, after one call to warm up.

    Returns:
        The median of each function; for tuples, the median of each element.
    """
    for function in functions:
        function()
    measured = [[function() for function in functions] for _ in range(rounds)]
    return tuple(_median(values) for values in zip(*measured, strict=True))


def _median(values: Sequence[Any]) -> Any:
    if isinstance(values[0], tuple):
        return tuple(map(statistics.median, zip(*values, strict=True)))
    return statistics.median(values)


def seconds(function: Callable[[], object]) -> float:
    """Return the duration of a call in seconds."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def row(what: str, unit: str, ours: float, peer: float, *, peer_name: str) -> Row:
    """Return a row of the table; its ratio is above 1 if ours is better, and None if a number is 0.

    Args:
        what: name of the measurement.
        unit: unit of the numbers; for "%" and "/s" higher is better, for all others lower is better.
        ours: our number.
        peer: the number of the other library.
        peer_name: name of the other library.
    """
    better, worse = (ours, peer) if unit.endswith(("/s", "%")) else (peer, ours)
    ratio = better / worse if better and worse else None
    return {"what": what, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ratio}


def report(rows: Sequence[Row], output: Path | None, **more_versions: str) -> None:
    """Print the table, and write it as JSON if an output file is given.

    Args:
        rows: results of `row`.
        output: JSON file, or None.
        **more_versions: version of each other library.
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


def require_torch() -> Any:
    """Return the module torch, set to use all cores.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise InputError("This benchmark compares with PyTorch: pip install torch") from error
    torch.set_num_threads(os.cpu_count() or 1)
    return torch
