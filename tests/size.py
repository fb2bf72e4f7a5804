"""`scripts/size`: how much room an installed orch takes, without and with the packaged codex.

What counts is what installing adds to an empty environment, in megabytes (a million bytes) on the disk. Beside it is
what site-packages and the whole environment take, with the pip that was there before.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
BOUNDS = {"": 170, "[codex]": 540}
"""Megabytes that may be added, by the extra that is installed."""

LARGEST = 5  # packages that are named
INSTALL = 600.0  # seconds for one pip: the packaged codex is some 150 MB to fetch


def main() -> int:
    """0 if all is within its bounds, 1 if not, 2 if nothing can be measured."""
    with tempfile.TemporaryDirectory(prefix="orch-size-") as folder:
        try:
            (wheel,) = _built(Path(folder))
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


def _added(folder: Path, wheel: Path, extra: str) -> int:
    """Install the wheel into a fresh environment, print what that took, and give the bytes that it added."""
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
    """Bytes by what lies in site-packages: the folder of a package, or a module that is one file."""
    return Counter({entry.name: _size([entry]) for entry in site.iterdir()})


def _size(roots: Iterable[Path]) -> int:
    """Bytes on the disk of files and folders with all that is in them; each once, however many names it has."""
    paths = (path for root in roots for path in (root, *root.rglob("*")))
    found = {(stat.st_dev, stat.st_ino): stat.st_blocks * 512 for path in paths for stat in [path.lstat()]}
    return sum(found.values())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=INSTALL, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main())
