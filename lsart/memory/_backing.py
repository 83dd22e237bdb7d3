"""Real bytes behind sections and heaps.

CPython's mmap duplicates and keeps the descriptor of every file it maps, so that ten thousand memfd sections would
need ten thousand descriptors. A section is therefore an anonymous shared mapping, which needs none, until it is
exported: then its bytes move into a memfd that is mapped over the old address, where nobody can tell.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import mmap
import os
import sys
import tempfile

import attrs

__all__ = ["Backing", "Export"]

_names = itertools.count(1)
_COPIED_AT_ONCE = 1 << 20


@attrs.frozen
class Export:
    """A section's bytes, reachable from another process.

    Args:
        descriptor: file to map, -1 on Windows. Inherit it (``pass_fds``) or open `path`.
        path: name that another process of the same user can open: a file path, on Windows a mapping name.
        size: bytes to map.
    """

    descriptor: int
    path: str
    size: int

    def open(self) -> mmap.mmap:
        """Map the section here: in the process that got this value, typically another one than made it."""
        if sys.platform == "win32":
            return mmap.mmap(-1, self.size, tagname=self.path)
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            return mmap.mmap(descriptor, self.size)
        finally:
            os.close(descriptor)


class Backing:
    """`size` reserved bytes, of which the first `committed` may be touched.

    Shared backing is a real mapping. Private backing of a client's reply buffers is a bytearray that grows with the
    commit: a hundred thousand clients cannot have a mapping each (Linux allows 65,530 by default).
    """

    __slots__ = ("_export", "_is_closed", "_tag", "committed", "data", "size")

    def __init__(self, size: int, *, shared: bool) -> None:
        self.size = size
        self.committed = 0
        self._export: Export | None = None
        self._is_closed = False
        self._tag = ""
        self.data: mmap.mmap | bytearray
        if not shared:
            self.data = bytearray()
        elif sys.platform == "win32":
            self._tag = f"lsart-{os.getpid()}-{next(_names)}"
            self.data = mmap.mmap(-1, size, tagname=self._tag)
        else:
            no_reserve = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)
            self.data = mmap.mmap(-1, size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | no_reserve)

    def commit(self, committed: int) -> None:
        """Let the first `committed` bytes be touched."""
        if isinstance(self.data, bytearray):
            self.data.extend(bytes(committed - len(self.data)))
        self.committed = committed

    def decommit(self, committed: int) -> None:
        """Let only the first `committed` bytes of private memory be touched; the others come back as zeros."""
        assert isinstance(self.data, bytearray), "what a section has committed stays until it is deleted"
        del self.data[committed:]
        self.committed = committed

    def export(self) -> Export:
        """Make the bytes reachable from other processes; they stay where they are, the second call is free.

        Raises:
            OSError: the system refused a descriptor or the mapping, or there is nothing to export: the memory is
                private, or it was given back.
        """
        if self._is_closed:
            raise OSError("the section was deleted and nobody has it mapped any more: no bytes are left to export")
        if self._export is None:
            self._export = self._move_to_file()
        return self._export

    def close(self) -> None:
        """Give everything back."""
        if isinstance(self.data, mmap.mmap):
            self.data.close()
        if self._export is not None and self._export.descriptor >= 0:
            _close_file(self._export.descriptor, self._export.path)
        self._export = None
        self._is_closed = True
        self.committed = 0
        self.data = bytearray()

    def _move_to_file(self) -> Export:
        if not isinstance(self.data, mmap.mmap):
            raise OSError("private memory cannot be exported; only a section is shared")
        if sys.platform == "win32":
            return Export(-1, self._tag, self.size)
        descriptor, path = _anonymous_file()
        try:
            os.truncate(descriptor, self.size)
            self._copy_to(descriptor)
            cell = ctypes.c_char.from_buffer(self.data)
            address = ctypes.addressof(cell)
            del cell  # the mmap object refuses to be closed while a buffer of it is exported
            _map_over(address, self.size, descriptor)
        except OSError:
            _close_file(descriptor, path)
            raise
        return Export(descriptor, path, self.size)

    def _copy_to(self, descriptor: int) -> None:
        """Write the committed bytes. Chunk by chunk, as one write takes at most 2 GiB; zeros are there already."""
        assert isinstance(self.data, mmap.mmap)
        zeros = bytes(_COPIED_AT_ONCE)
        for start in range(0, self.committed, _COPIED_AT_ONCE):
            size = min(_COPIED_AT_ONCE, self.committed - start)
            chunk = self.data[start : start + size]
            if chunk != zeros[:size]:
                written = os.pwrite(descriptor, chunk, start)
                if written != size:
                    raise OSError(errno.ENOSPC, f"only {written} of {size} bytes at {start} could be exported")
            elif sys.platform == "linux":
                # Looking at a page that nobody had touched made it real. Not every kernel can take it back.
                with contextlib.suppress(OSError):
                    self.data.madvise(mmap.MADV_REMOVE, start, size)


def _anonymous_file() -> tuple[int, str]:
    if hasattr(os, "memfd_create"):  # Linux
        descriptor = os.memfd_create(f"lsart-section-{next(_names)}")
        return descriptor, f"/proc/{os.getpid()}/fd/{descriptor}"
    return tempfile.mkstemp(prefix="lsart-section-")


def _close_file(descriptor: int, path: str) -> None:
    os.close(descriptor)
    if not hasattr(os, "memfd_create"):
        os.unlink(path)


def _map_over(address: int, size: int, descriptor: int) -> None:
    """Replace what is mapped at `address`. Python's mmap cannot choose an address, so libc is asked."""
    map_fixed = 0x10
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_longlong,
    ]
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    result = libc.mmap(address, size, protection, mmap.MAP_SHARED | map_fixed, descriptor, 0)
    if result != address:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot map the exported section at its address: {os.strerror(error)}")
