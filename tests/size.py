"""`scripts/size`: measure the disk space of an installed orch, without and with the packaged codex.

The figure is what the installation adds to an empty environment, in megabytes (a million bytes) on disk. It also prints
the size of site-packages and of the whole environment, with the pip that was there before.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
BOUNDS = {"": 170, "[codex]": 540}
"""The limit in megabytes, by the extra that is installed."""

LARGEST = 5  # packages that are named
INSTALL = 600.0  # seconds for one pip: the packaged codex is some 150 MB to fetch


def main() -> int:
    """Measure. Returns 0 if everything is within its limit, 1 if not, 2 if nothing can be measured."""
    with tempfile.TemporaryDirectory(prefix="orch-size-") as folder:
        try:
            (wheel,) = _built(Path(folder))
            print(f"our wheel: {wheel.stat().st_size / 1e6:.2f} MB, {_megabytes(_unpacked(wheel))} unpacked")
            added = {extra: _added(Path(folder), wheel, extra) for extra in BOUNDS}
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            print(f"orch: nothing can be measured: {error}", file=sys.stderr)
            return 2
    over = [extra for extra, size in added.items() if size > BOUNDS[extra] * 1e6]
    for extra in over:
        print(f"orch{extra} takes more than {BOUNDS[extra]} MB", file=sys.stderr)
    return 1 if over else 0


def _built(folder: Path) -> list[Path]:
    _run(sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    return list(folder.glob("*.whl"))


def _unpacked(wheel: Path) -> int:
    """Bytes of all files in a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return sum(one.file_size for one in opened.infolist())


def _added(folder: Path, wheel: Path, extra: str) -> int:
    """Install the wheel into a new environment, print its sizes, and return the bytes that it added."""
    environment = folder / f"venv{extra}"
    _run(sys.executable, "-m", "venv", str(environment))
    (site,) = environment.glob("lib/python*/site-packages")
    empty, before = _size([environment]), _packages(site)
    python = str(environment / "bin" / "python")
    _run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", f"{wheel}{extra}")
    whole, packages = _size([environment]), _packages(site)
    packages.subtract(before)
    print(f"orch{extra}: {_megabytes(whole - empty)} added, of at most {BOUNDS[extra]} MB")
    print(f"  (site-packages {_megabytes(_size([site]))}, the whole environment {_megabytes(whole)})")
    for name, size in packages.most_common(LARGEST):
        print(f"  {_megabytes(size):>9}  {name}")
    return whole - empty


def _packages(site: Path) -> Counter[str]:
    """Bytes of each entry in site-packages: a package's folder, or a module that is one file."""
    return Counter({entry.name: _size([entry]) for entry in site.iterdir()})


def _size(roots: Iterable[Path]) -> int:
    """Bytes on disk of files and folders with all their content. A file with several names counts once."""
    paths = (path for root in roots for path in (root, *root.rglob("*")))
    found = {(stat.st_dev, stat.st_ino): stat.st_blocks * 512 for path in paths for stat in [path.lstat()]}
    return sum(found.values())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=INSTALL, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main())
