"""One source of a kernel, two ways to run it.

A kernel is a plain scalar function marked with :func:`kernel`. Called as it is, Python interprets
it: nothing is imported, a small run starts at once. :func:`compiled` gives its Numba twin, made
from the same code object, for large runs. Both give the same bits: no fast-math, no contraction,
IEEE 754 doubles in both. ``docs/kernels.md`` explains the rules a kernel must keep.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

__all__ = [
    "COMPILE_ABOVE",
    "apart",
    "cache_dir",
    "compiled",
    "kernel",
    "kernels_loaded",
    "part_of",
    "pays_to_compile",
    "source_digest",
    "tell_when_compiling",
]

F = TypeVar("F", bound="Callable[..., Any]")

COMPILE_ABOVE = 500_000
"""Kernel steps (symbol-bars) below which loading Numba costs more than it saves."""

_KERNELS: dict[CodeType, FunctionType] = {}
_APART: set[CodeType] = set()
_LISTENERS: set[Callable[[], None]] = set()
_WHOLE: ContextVar[int] = ContextVar("whole", default=0)


def kernel(function: F) -> F:
    """Mark a function as a kernel: scalar Python that Numba can compile. Returns it unchanged."""
    plain = cast("FunctionType", function)
    _KERNELS[plain.__code__] = plain
    return function


def apart(function: F) -> F:
    """Keep a kernel out of the code of its callers, for what few bars reach.

    Every kernel is copied into its callers, which makes small ones fast and large ones long to
    compile. Returns the function unchanged.
    """
    _APART.add(cast("FunctionType", function).__code__)
    return function


def pays_to_compile(steps: int) -> bool:
    """Whether a run of so many kernel steps, or the work it is part of, should be compiled.

    ``STOCKSTREAM_JIT=always`` or ``never`` decides it for every run (the numbers are the same).
    """
    mode = os.environ.get("STOCKSTREAM_JIT", "auto")
    if mode == "auto":
        return max(steps, _WHOLE.get()) > COMPILE_ABOVE
    return mode == "always"


@contextmanager
def part_of(steps: int) -> Iterator[None]:
    """Say that the runs inside are parts of one work of so many kernel steps.

    Thousands of small runs pay for compiling together where none of them would alone.
    """
    token = _WHOLE.set(max(steps, _WHOLE.get()))
    try:
        yield
    finally:
        _WHOLE.reset(token)


def tell_when_compiling(listener: Callable[[], None]) -> None:
    """Have ``listener`` called before this process compiles what no cache has: a long wait."""
    _LISTENERS.add(listener)


def kernels_loaded() -> int:
    """How many kernels this process has compiled, or read from disk, so far.

    A run that raises it took longer than the same run will take again.
    """
    return compiled.cache_info().currsize + _inside.cache_info().currsize


def cache_dir() -> Path:
    """Where compiled kernels are kept: per user, outside the package, made for this very source."""
    base = os.environ.get("STOCKSTREAM_CACHE") or os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path.home() / ".cache"
    return root / "stockstream" / "kernels" / _build()


@cache
def source_digest() -> str:
    """SHA-256 of every source file of the package, their names included."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _build() -> str:
    """Names this very code: Numba watches one file, and constants come from others."""
    return hashlib.sha256(f"{sys.version} {source_digest()}".encode()).hexdigest()[:16]


@cache
def compiled(function: F) -> F:
    """The Numba twin of a kernel; compiled at its first call for each set of argument types.

    Kernels that it calls are compiled too. Those of this package are kept on disk
    (:func:`cache_dir`); where that cannot be written, what is there is read, and each process
    compiles the others again.
    """
    return cast("F", _twin(cast("FunctionType", function), inside=False))


@cache
def _inside(function: FunctionType) -> Any:
    """The twin of a kernel that compiled code alone calls: nothing that Python could call it by.

    What Python needs for a call, arguments taken out of their objects, takes a third of the time
    that a kernel takes to compile.
    """
    return _twin(function, inside=True)


def _twin(plain: FunctionType, *, inside: bool) -> Any:
    numba, keep = _numba()
    names = dict(plain.__globals__)
    for name in plain.__code__.co_names:
        if _is_kernel(names.get(name)):
            names[name] = _inside(names[name])
    twin = FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__)
    twin.__module__, twin.__qualname__ = plain.__module__, plain.__qualname__
    if inside:
        twin.__qualname__ += "_inside"  # kept on disk apart from the one that Python calls
    # Numba watches a kernel's own file only; ours are watched together (_build)
    ours = plain.__module__.startswith("stockstream.")
    dispatcher = numba.njit(
        cache=keep and ours,
        error_model="numpy",
        nogil=True,
        forceinline=plain.__code__ not in _APART,
        no_cpython_wrapper=inside,
        no_cfunc_wrapper=True,
        **_without_counting(),
    )(twin)
    if ours and not keep and (reader := _reader()) is not None:
        dispatcher._cache = reader(twin)  # noqa: SLF001 - see there
    return dispatcher


def _without_counting() -> dict[str, bool]:
    """Kernels allocate nothing, so Numba's reference counting, 3x the run time here, can stay off.

    The option is not a public one: where a release drops it, kernels are slower and the same.
    """
    from numba.core.cpu import CPUTargetOptions

    return {"_nrt": False} if hasattr(CPUTargetOptions, "_nrt") else {}


@cache
def _reader() -> Any:
    """What reads kernels from a folder that cannot be written, such as that of an image.

    Numba has no such mode, and these classes are not public ones: where a release lacks them, each
    process compiles again, as where there is no folder.
    """
    from numba.core import caching, config

    found, folder = getattr(caching, "UserProvidedCacheLocator", None), Path(config.CACHE_DIR)
    if found is None or not folder.is_dir() or not _is_trusted(folder):
        return None

    def nothing(*_: object) -> None:
        pass

    place = type("Place", (found,), {"ensure_cache_path": nothing})
    kept = type("Kept", (caching.CompileResultCacheImpl,), {"_locator_classes": [place]})
    return type("Reader", (caching.FunctionCache,), {"_impl_class": kept, "save_overload": nothing})


def _is_trusted(folder: Path) -> bool:
    """Whether a folder is our own or root's: what is read from it is run."""
    return not hasattr(os, "getuid") or folder.stat().st_uid in {0, os.getuid()}


def _is_kernel(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__code__ in _KERNELS


@cache
def _numba() -> tuple[Any, bool]:
    """Numba, and whether its cache folder can be written."""
    folder = Path(os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_dir())))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if next(folder.rglob("*.nbi"), None) is None:
        for listener in _LISTENERS:
            listener()
    import numba

    return numba, writable
