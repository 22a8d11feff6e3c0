"""Write, then rename: results appear whole or not at all, and what was there before stays until then."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from infonet_ros.errors import InfonetError, OutputError


class OutputFolder:
    """Collects files and folders aside, and moves all of them into place at once, at the end of the context.

    When anything goes wrong before that, nothing that was in the folder has changed.

    Parameters
    ----------
    path : Path
        The folder; made where it is missing.

    Raises
    ------
    OutputError
        The folder cannot be made or written to, or a file does not fit on the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[Path] = []
        self._names: list[str] = []

    def __enter__(self) -> "OutputFolder":
        self._made: list[Path] = []
        # Inside the folder itself, so that the last step is a rename on one file system; named before it is made, so
        # that a signal at any moment leaves nothing behind.
        self.aside = self.path / f".infonet-{secrets.token_hex(4)}"
        try:
            self._made = [path for path in (self.path, *self.path.parents) if not path.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            self.aside.mkdir(mode=0o700)
        except BaseException as error:
            self._clear()
            if isinstance(error, OSError):
                raise _cannot_write(self.path, error) from error
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._move_into_place()
        finally:
            self._clear()

    def _clear(self) -> None:
        """Remove what is aside, and the folders that were made, the innermost first, if nothing else is in them."""
        shutil.rmtree(self.aside, ignore_errors=True)
        for path in self._made:
            with suppress(OSError):
                path.rmdir()

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Let ``write`` make the file or folder ``name``, at the path that it is given."""
        try:
            write(self.aside / name)
        except InfonetError:
            raise
        except OSError as error:
            raise _cannot_write(self.path / name, error) from error
        self._names.append(name)

    def _move_into_place(self) -> None:
        previous = self.aside / "previous"
        previous.mkdir()
        moved: list[str] = []
        try:
            for name in self._names:
                target = self.path / name
                if os.path.lexists(target):
                    _check_replaceable(target)
                    target.rename(previous / name)
                moved.append(name)
                (self.aside / name).rename(target)
                self.written.append(target)
        except OSError as error:
            for name in moved:
                if os.path.lexists(previous / name):
                    shutil.rmtree(self.path / name, ignore_errors=True)
                    (previous / name).rename(self.path / name)
            raise _cannot_write(self.path / moved[-1] if moved else self.path, error) from error


def _check_replaceable(path: Path) -> None:
    """Keep devices and pipes, such as /dev/null, from being replaced by a file."""
    if not (path.is_file() or path.is_dir() or path.is_symlink()):
        raise OSError(errno.EINVAL, "it is a device or a pipe")


def _cannot_write(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"cannot write {path} ({reason}): choose another folder with --out, or make room there.")
