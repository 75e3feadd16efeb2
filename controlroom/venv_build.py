"""Makes `.venv` from a hash-locked requirements file. Runs on the machine's own python3, so: standard library only.

Started by `./merkez` when the copy of the lock kept inside `.venv` differs from the lock, or a making was cut off.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
#: There while `.venv` is being changed: whoever finds it later knows that the making was cut off.
MAKING = VENV / ".making"
LOCKS = {"run": ["requirements.lock"], "dev": ["requirements-dev.lock", "requirements.lock"]}
FAILED, MISSING = 1, 3


class StoppedError(Exception):
    """The venv cannot be made; carries the exit code."""

    def __init__(self, code: int, tr: str, en: str, mend: str = "") -> None:
        """`mend` is a command to type."""
        super().__init__(en)
        self.code, self.tr, self.en, self.mend = code, tr, en, mend


def main(kind: str) -> int:
    """Make or bring up to date what `kind` ("run" or "dev") needs; the exit code."""
    try:
        with _alone():
            if not _is_ready(kind):
                _make(kind)
    except StoppedError as stopped:
        say(stopped.tr, stopped.en)
        if stopped.mend:
            sys.stderr.write(f"  {stopped.mend}\n")
        return stopped.code
    return 0


def say(tr: str, en: str) -> None:
    """One sentence to the terminal, in the caller's language or in both."""
    names = (os.environ.get(name) for name in ("MERKEZ_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    language = next((value for value in names if value), "")[:2]
    lines = {"tr": [tr], "en": [en]}.get(language, [tr] if tr == en else [tr, en])
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


@contextmanager
def _alone() -> Generator[None]:
    """Two first starts at once: the second waits and then finds all done."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "venv.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Başka bir başlatma .venv kuruyor; bekleniyor…", "Another start is making .venv; waiting for it…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_ready(kind: str) -> bool:
    lock = LOCKS[kind][0]
    stamp = VENV / f".{lock}"
    if MAKING.exists() or not stamp.exists() or stamp.read_bytes() != (ROOT / lock).read_bytes():
        return False
    return _run([PYTHON, "-Ic", "import click"]).returncode == 0


def _make(kind: str) -> None:
    if MAKING.exists() or not _works():
        shutil.rmtree(VENV, ignore_errors=True)
    if not VENV.exists():
        with _timed("Python ortamı (.venv)", "Python environment (.venv)"):
            _create()
    MAKING.touch()
    lock = LOCKS[kind][0]
    with _timed(f"Python paketleri ({lock})", f"Python packages ({lock})"):
        _install(ROOT / lock)
    for installed in LOCKS[kind]:  # the dev lock holds all that the other one does
        shutil.copyfile(ROOT / installed, VENV / f".{installed}")
    MAKING.unlink()


def _works() -> bool:
    """Whether the interpreter runs and is still of the version that the packages lie under."""
    if not os.access(PYTHON, os.X_OK):
        return False
    look = "import sys, sysconfig, pathlib; sys.exit(not pathlib.Path(sysconfig.get_path('purelib')).is_dir())"
    return _run([PYTHON, "-Ic", look]).returncode == 0


def _create() -> None:
    VENV.mkdir()
    MAKING.touch()
    if not _has_venv() and _may_install():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if not _apt("install", f"python{version}-venv") and _apt("update"):
            _apt("install", f"python{version}-venv")
    if _has_venv():
        done = _run([sys.executable, "-m", "venv", VENV])
    elif importlib.util.find_spec("venv") and importlib.util.find_spec("pip"):
        done = _run([sys.executable, "-m", "venv", "--without-pip", VENV])
    else:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise StoppedError(
            MISSING,
            f"Bu Python ({sys.executable}) ortam kuramıyor: venv ve ensurepip modülleri eksik.",
            f"This Python ({sys.executable}) cannot make environments: its modules venv and ensurepip are missing.",
            f"sudo apt-get install -y python{version}-venv",
        )
    if done.returncode != 0:
        raise StoppedError(FAILED, f".venv kurulamadı:\n{_tail(done)}", f".venv could not be made:\n{_tail(done)}")


def _install(lock: Path) -> None:
    pip = [PYTHON, "-m", "pip"]
    if _run([*pip, "--version"]).returncode != 0:  # a Debian python without ensurepip, but with a pip of its own
        pip = [sys.executable, "-m", "pip", "--python", PYTHON]
    options = ["--require-hashes", "--disable-pip-version-check", "--no-input", "--quiet", "--requirement", lock]
    # The machine's own pip configuration says where packages come from; only "install for the user" makes no sense here.
    done = _run([*pip, "install", *options], PIP_USER="0")
    if done.returncode != 0:
        raise StoppedError(
            FAILED,
            f"Paketler kurulamadı ({lock.name}):\n{_tail(done)}",
            f"Packages could not be installed ({lock.name}):\n{_tail(done)}",
        )


def _has_venv() -> bool:
    """Debian ships venv without ensurepip, and without both in its smallest images."""
    look = "import venv, ensurepip, sys; sys.exit(not ensurepip.version())"
    return _run([sys.executable, "-Ic", look]).returncode == 0


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and sys.executable.startswith("/usr/bin/")


def _apt(verb: str, *packages: str) -> bool:
    say(f"apt-get {verb} {' '.join(packages)}", f"apt-get {verb} {' '.join(packages)}")
    words = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", verb, *packages]
    return _run(words, DEBIAN_FRONTEND="noninteractive").returncode == 0


def _run(words: Sequence[str | Path], **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    try:
        return subprocess.run(  # noqa: S603 - words, not a line: nothing here is read by a shell
            [str(word) for word in words],
            cwd=ROOT, env={**environment, **more}, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    except FileNotFoundError as fault:
        return subprocess.CompletedProcess([], 127, stdout=str(fault))


def _tail(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-12:])


@contextmanager
def _timed(tr: str, en: str) -> Generator[None]:
    begun = time.monotonic()
    say(f"… {tr}", f"… {en}")
    yield
    took = f"{time.monotonic() - begun:.1f} s"
    say(f"✓ {tr}  {took}", f"✓ {en}  {took}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
