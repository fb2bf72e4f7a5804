"""What stands in the place of a ledger and is no file is refused at once: a pipe has no writer, a device no end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.errors import StoreError
from supervisor.shell.ledger.damage import examine
from supervisor.shell.ledger.segments import raw_lines
from supervisor.shell.ledger.store import Ledger

pytestmark = pytest.mark.timeout(10)


@pytest.fixture(params=["pipe", "device"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    if request.param == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.promise("any input")
def test_what_is_no_file_is_no_ledger(place: Path) -> None:
    with pytest.raises(StoreError) as opened:
        Ledger(place).open()
    assert opened.value.what == f"the ledger {place} cannot be opened (it is not a regular file)"
    with pytest.raises(StoreError) as peeked:
        Ledger(place).peek()
    assert peeked.value.what == f"the ledger {place} cannot be read (it is not a regular file)"
    with pytest.raises(StoreError, match="it is not a regular file"):
        examine(place)
    with pytest.raises(OSError, match="it is not a regular file"):
        list(raw_lines(place))
