"""Errors of the operating system that TensorFlow reports in its own way when it writes files."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from kerasnlp_zoo.files import is_disk_full

CODES = {
    tf.errors.PermissionDeniedError: errno.EACCES,
    tf.errors.NotFoundError: errno.ENOENT,
}


@contextlib.contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """Raise OSError instead of the errors of TensorFlow in a block that writes to a path.

    Example:

    >>> with system_errors(Path("model")):
    ...     raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'model'
    """
    try:
        yield
    except tf.errors.OpError as error:
        code = errno.ENOSPC if is_disk_full(error) else CODES.get(type(error))  # memory can be exhausted, too
        if code is None:
            raise OSError(f"{path} cannot be written. {str(error)[:300]}") from error
        raise OSError(code, os.strerror(code), str(path)) from error
