"""Many files are read by several processes, which leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests import CHECKOUT


def test_the_processes_that_read_end_with_the_one_that_started_them_however_it_ends(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"m{number}.py").write_text(f"ROUTE = '/v1/things/{number}'\n" * 500, encoding="utf-8")
    script = (
        "import sys\nfrom pathlib import Path\nfrom supervisor.domain.link import Wanted\n"
        "from supervisor.runtime.survey.extract import extract\nroot = Path(sys.argv[1])\n"
        "files = [Wanted(one.name, one.name.encode(), 'v') for one in root.iterdir()]\n"
        "list(extract(root, files, lambda _: print('read', flush=True)))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as reading:
        assert reading.stdout is not None
        assert reading.stdout.readline() == "read\n"
        workers = psutil.Process(reading.pid).children(recursive=True)
        reading.kill()
    assert workers
    assert psutil.wait_procs(workers, timeout=30)[1] == []
