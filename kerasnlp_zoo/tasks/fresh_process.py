"""A new Python process that answers requests. Exports are checked in it, without this package."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import Any

# Replies are written to the original standard output. The output of libraries is redirected to standard error.
_START = """
import json, os, sys, traceback
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
"""
_ANSWER_EACH_LINE = """
for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = {"answer": answer(request["request"])}
        loaded = {name.split(".")[0] for name in sys.modules} & set(request["forbidden"])
        assert not loaded, f"{loaded} imported"
    except Exception:  # the process that asked raises it, and this one answers the next request
        reply = {"error": traceback.format_exc()}
    print(json.dumps(reply), file=replies, flush=True)
"""


class FreshProcess:
    """A new Python process that answers requests one after another. A context manager, which ends the process.

    Args:
        program: source code that defines `answer(request)`. Request and answer are JSON values.
        arguments: `sys.argv[1:]` of the process.
        forbidden: names of packages. A request fails if the process has imported one of them.

    Example:

    >>> with FreshProcess("def answer(request): return 2 * request", forbidden=["tensorflow"]) as process:
    ...     process.ask(21), process.ask("ab")
    (42, 'abab')
    """

    def __init__(self, program: str, arguments: Sequence[str] = (), forbidden: Sequence[str] = ()) -> None:
        self.forbidden = list(forbidden)
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (close() does)
        # -P: the process does not import a source tree in the current folder by accident.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START + program + _ANSWER_EACH_LINE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def ask(self, request: Any) -> Any:
        """Return the answer to a request.

        Raises:
            RuntimeError: if the process fails, or has imported a forbidden package.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"request": request, "forbidden": self.forbidden}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the process has ended; the reply is empty
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(self._errors.read()[-2000:])
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"][-2000:])
        return reply["answer"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def __enter__(self) -> "FreshProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
