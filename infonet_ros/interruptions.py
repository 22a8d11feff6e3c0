"""Folders that Ctrl-C and SIGTERM must not leave behind: signals come at any moment, also while a context is left."""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infonet_ros.signals import TO_CLEAR


@contextmanager
def cleared_afterwards(clear: Callable[[], object]) -> Iterator[None]:
    """Call ``clear`` at the end of the context, and after an interruption again at the end of the process.

    The interruption may have come while this context, or one inside it, was being left. Enter the context before there
    is something to clear.
    """
    atexit.register(clear)
    TO_CLEAR.append(clear)
    try:
        yield
    except BaseException as error:
        clear()
        if isinstance(error, Exception):
            _forget(clear)
        raise
    clear()
    _forget(clear)


def _forget(clear: Callable[[], object]) -> None:
    TO_CLEAR.remove(clear)
    atexit.unregister(clear)


@contextmanager
def made_folder(path: Path) -> Iterator[None]:
    """Make a folder and its parents; afterwards remove those of them that are empty."""
    made: list[Path] = []

    def remove_empty() -> None:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()

    with cleared_afterwards(remove_empty):
        made += [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        yield


@contextmanager
def folder_for_now(path: Path) -> Iterator[None]:
    """Make a folder; afterwards remove it with everything in it."""
    with cleared_afterwards(lambda: shutil.rmtree(path, ignore_errors=True)):
        path.mkdir(mode=0o700, exist_ok=True)
        yield


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder for temporary files; afterwards remove it with everything in it."""
    path = Path(tempfile.gettempdir(), f"infonet-{secrets.token_hex(8)}")
    with folder_for_now(path):
        yield path
