"""Files of an output, copied into a folder of the caller's: only into it, and over nothing that is there."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from connectors.authoring import FileRef
from connectors.engine.safe_names import folded, problem_of
from connectors.errors import FileExists, InputError, StoreError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def copy_out(files: Sequence[FileRef], folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Copy files under their names into the folder; where they are then.

    Nothing is copied unless all can be. Raises `FileExists`, and `InputError` for a name that is
    not safe or a folder inside it that leads elsewhere (a link).
    """
    seen: set[str] = set()
    for file in files:
        problem = problem_of(file.name)
        if problem is not None:
            raise InputError(f"A file of the output is called {file.name[:80]!r}, which is not safe: {problem}.")
        if folded(file.name) in seen:
            raise FileExists(f"Two files of the output are called {file.name[:80]!r}.")
        seen.add(folded(file.name))
        _check(file.name, folder, overwrite=overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_copy(file, folder, overwrite=overwrite) for file in files]
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror or 'unknown reason'}.", next_step="Name another folder."
        ) from error


def _check(name: str, folder: Path, *, overwrite: bool) -> None:
    place = folder
    *above, last = PurePosixPath(name).parts
    for part in above:
        place /= part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise InputError(f"{place} is no folder, so nothing can be put into it.")
    target = place / last
    if target.is_dir() and not target.is_symlink():
        raise FileExists(f"{target} is a folder.")
    if not overwrite and (target.exists() or target.is_symlink()):
        raise FileExists(f"{target} is there already.")


def _copy(file: FileRef, folder: Path, *, overwrite: bool) -> Path:
    """Copy one file. Every folder on the way is held open, so a link that is put there meanwhile leads nowhere."""
    *above, last = PurePosixPath(file.name).parts
    partial = f".{secrets.token_hex(6)}.part"
    with _opened(folder, above) as place:
        try:
            with file.open() as source, os.fdopen(os.open(partial, _NEW, 0o666, dir_fd=place), "wb") as copy:
                shutil.copyfileobj(source, copy)
            _rename(partial, last, place, overwrite=overwrite)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=place)
    return folder.joinpath(*above, last)


@contextmanager
def _opened(folder: Path, above: Sequence[str]) -> Iterator[int]:
    """A folder inside the folder, made if it is not there."""
    descriptor = os.open(folder, _FOLDER)
    try:
        for part in above:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=descriptor)
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _rename(partial: str, name: str, place: int, *, overwrite: bool) -> None:
    """Give the file its name. A link of that name is replaced, not followed; without `overwrite` nothing is."""
    if not overwrite:
        try:
            os.link(partial, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
        except FileExistsError:
            raise FileExists(f"{name} was put there while it was copied.") from None
        except OSError:  # a file system without hard links; what came there in this instant is lost
            pass
        else:
            return
    os.replace(partial, name, src_dir_fd=place, dst_dir_fd=place)
