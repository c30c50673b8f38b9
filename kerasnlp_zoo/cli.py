"""The command `kerasnlp-zoo`: train models, and use them, from a shell.

Answers go to standard output, everything else to standard error. TensorFlow is loaded only by the commands that need
it.
"""

import errno
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import tyro

from kerasnlp_zoo.commands.answers import analogy, explain
from kerasnlp_zoo.commands.comparison import compare
from kerasnlp_zoo.commands.conversion import convert, to_huggingface
from kerasnlp_zoo.commands.corpus import corpus
from kerasnlp_zoo.commands.entries import check, download, evaluate, export, list_, quantize, show
from kerasnlp_zoo.commands.launch import launch
from kerasnlp_zoo.commands.plots import plot
from kerasnlp_zoo.commands.predictions import predict
from kerasnlp_zoo.commands.recipes import recipe, recipe_list, train
from kerasnlp_zoo.commands.serving import serve
from kerasnlp_zoo.commands.sharing import pin, push
from kerasnlp_zoo.commands.tuning import tune
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import is_disk_full
from kerasnlp_zoo.interruption import Terminated
from kerasnlp_zoo.memory_limit import take_flag
from kerasnlp_zoo.printable import printable
from kerasnlp_zoo.tensorflow_log import LEVEL
from kerasnlp_zoo.versions import __version__

COMMANDS: dict[str, Callable[..., Any]] = {
    "train": train,
    "launch": launch,
    "tune": tune,
    "recipe": recipe,
    "list": list_,
    "show": show,
    "predict": predict,
    "explain": explain,
    "analogy": analogy,
    "evaluate": evaluate,
    "compare": compare,
    "export": export,
    "serve": serve,
    "quantize": quantize,
    "convert": convert,
    "to-huggingface": to_huggingface,
    "check": check,
    "download": download,
    "push": push,
    "pin": pin,
    "plot": plot,
    "corpus": corpus,
}
DESCRIPTION = (
    "Train, use and convert neural models of texts. Every subcommand takes --max-memory SIZE, such as 8GB: the maximum "
    "memory for reading a file, by default half of the machine's memory."
)
OWN_FLAGS = ("train", "tune", "plot", "corpus")  # subcommands that parse their own flags, after `train RECIPE`


def main() -> None:
    """Run the command. A user's mistake is reported in one line, without a traceback."""
    os.environ.setdefault(LEVEL, "3")  # keeps the level that the user has set
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its warnings are advice for programmers
    if sys.argv[1:] == ["--version"]:
        print(f"kerasnlp-zoo {__version__}")
        return
    try:
        sys.argv[1:] = arguments = take_flag(sys.argv[1:])
        name = arguments[0] if arguments[:1] and arguments[0] in COMMANDS else None
        if name is None:  # prints the help or an error
            tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="kerasnlp-zoo", description=DESCRIPTION, args=arguments)
        else:
            _run(name, arguments[1:])
    except InputError as error:
        sys.exit(f"kerasnlp-zoo: {printable(error)}")
    except Terminated:
        sys.exit(143)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the program that reads the output, such as head, has ended
        sys.stderr.close()
    except OSError as error:
        sys.exit(f"kerasnlp-zoo: {printable(_explained(error))}")
    except Exception as error:  # of TensorFlow when it writes logs or data sets; its classes are not loaded here
        if not is_disk_full(error):
            raise
        sys.exit(f"kerasnlp-zoo: {printable(_explained(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))}")


def _explained(error: OSError) -> str:
    """Return the message for an error of the operating system: what happened, and what to do."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full. Files saved before are complete. Free some space and repeat. {error}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename} cannot be read or written: {error.strerror}. Choose another folder, or ask for access"
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return f"{error.filename} is in the way: {error.strerror}. Choose another name, or remove it"
    return f"the operating system refused to read or write a file. {error}"


def _run(name: str, arguments: list[str]) -> None:
    """Parse the flags of one subcommand, which is faster than parsing all subcommands, and run it."""
    description = None
    if name in OWN_FLAGS:
        arguments = arguments[:1]
    if name == "launch" and "--" in arguments:
        arguments = arguments[: arguments.index("--")]  # the rest is the command that it starts
    if name == "train":
        description = f"{train.__doc__}\n\nRecipes:\n{recipe_list()}"
    tyro.cli(COMMANDS[name], prog=f"kerasnlp-zoo {name}", description=description, args=arguments)
