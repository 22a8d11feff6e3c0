"""Output folders: results appear all at once when they are complete, and older ones stay until then."""

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from infonet_ros.errors import InfonetError, OutputError
from infonet_ros.interruptions import folder_for_now, made_folder


class OutputFolder:
    """Collects files and folders in a hidden folder, and moves them into place at once at the end of the context.

    The folder is made if it does not exist. If anything fails before the end, earlier files in it have not changed.
    Raises OutputError if the folder cannot be made or written to, or a file does not fit on the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Inside the folder itself, so that the last step is a rename on one file system.
        self.aside = path / f".infonet-{secrets.token_hex(4)}"
        self.written: list[Path] = []
        self._names: list[str] = []

    def __enter__(self) -> "OutputFolder":
        with ExitStack() as stack:
            try:
                stack.enter_context(made_folder(self.path))
                stack.enter_context(folder_for_now(self.aside))
            except OSError as error:
                raise cannot_write(self.path, error) from error
            self._context = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._context:
            if kind is None:
                self._move_into_place()

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Let ``write`` make the file or folder ``name``, at the path that it is given."""
        try:
            write(self.aside / name)
        except InfonetError:
            raise
        except OSError as error:
            raise cannot_write(self.path / name, error) from error
        self._names.append(name)

    def _move_into_place(self) -> None:
        """Move all results, or none if an error or a signal interrupts this."""
        place, previous = self.path, self.aside / "previous"
        with ExitStack() as undo:
            try:
                previous.mkdir()
                for name in self._names:
                    place = self.path / name
                    undo.callback(self._move_back, name, previous / name)
                    if os.path.lexists(place):
                        _check_replaceable(place)
                        place.rename(previous / name)
                    (self.aside / name).rename(place)
            except OSError as error:
                raise cannot_write(place, error) from error
            undo.pop_all()
        self.written += [self.path / name for name in self._names]

    def _move_back(self, name: str, previous: Path) -> None:
        """Undo the move of one result, at whatever step it stopped."""
        place, aside = self.path / name, self.aside / name
        if os.path.lexists(place) and not os.path.lexists(aside):
            place.rename(aside)
        if os.path.lexists(previous):
            previous.rename(place)


def _check_replaceable(path: Path) -> None:
    """Keep devices and pipes, such as /dev/null, from being replaced by a file."""
    if not (path.is_file() or path.is_dir() or path.is_symlink()):
        raise OSError(errno.EINVAL, "it is a device or a pipe")


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Return the sentence for the user."""
    if isinstance(error, FileExistsError):
        return OutputError(f"{path} is a file: expected a folder for the results; choose another one with --out.")
    reason = error.strerror or str(error)
    return OutputError(f"cannot write {path} ({reason}): choose another folder with --out, or make room there.")
