"""Look where folders lie: through links, by inode, and through the table of mounts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.boundary.nesting import holds
from supervisor.domain.repo.location import UNKNOWN, Spot
from supervisor.shell.location import Mount, kind_at, look_at, read_mounts

TABLE = """\
27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 27 8:2 /data /mnt/my\\040data rw,relatime shared:1 - ntfs3 /dev/sdb1 rw
31 27 8:1 /home/ada/app /srv/app rw,relatime - ext4 /dev/sda1 rw
"""


def test_the_table_of_mounts_is_read(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(TABLE, encoding="utf-8")
    mounts = read_mounts(str(tmp_path / "mountinfo"))
    assert mounts == (
        Mount("/", "8:1", "/", "ext4"),
        Mount("/mnt/my data", "8:2", "/data", "ntfs3"),
        Mount("/srv/app", "8:1", "/home/ada/app", "ext4"),
    )
    assert [kind_at(path, mounts) for path in ("/mnt/my data/x", "/mnt/my", "/srv/app")] == ["ntfs3", "ext4", "ext4"]
    assert kind_at("/", ()) == ""
    assert look_at("/srv/app/lib", mounts).spots == (Spot("8:1", "/home/ada/app/lib"),)
    assert holds(look_at("/home/ada/app", mounts), look_at("/srv/app/lib", mounts))
    assert holds(look_at("/mnt", mounts), look_at("/mnt/my data/x", mounts))
    assert not holds(look_at("/srv/app/lib", mounts), look_at("/home/ada/app", mounts))
    assert read_mounts(str(tmp_path / "none")) == ()


BOUND = """
import os, subprocess, sys
from supervisor.core.boundary.nesting import holds, same
from supervisor.shell.location import look_at, read_mounts
top = sys.argv[1]
subprocess.run(["mount", "--bind", f"{top}/app", f"{top}/OTHER"], check=True)
for mounts in (read_mounts(), ()):
    app, lib = look_at(f"{top}/app", mounts), look_at(f"{top}/OTHER/lib", mounts)
    gone, other = look_at(f"{top}/OTHER/lib/not/yet", mounts), look_at(f"{top}/OTHER", mounts)
    print(app.path in lib.path, holds(app, lib), holds(app, gone), holds(lib, app), same(app, other))
"""


def test_one_folder_of_two_names_is_one_by_its_inode_also_without_the_table_of_mounts(tmp_path: Path) -> None:
    """As on a file system that ignores case: no path tells it, and no link."""
    for name in ("app/lib", "OTHER"):
        (tmp_path / name).mkdir(parents=True)
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", BOUND, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "False True True False True\n" * 2


def test_what_does_not_exist_lies_where_it_would_be(tmp_path: Path) -> None:
    found = look_at(str(tmp_path / "none" / "plan.md"))
    assert (found.path, found.ids[:2]) == (f"{tmp_path.resolve()}/none/plan.md", (UNKNOWN, UNKNOWN))
    assert holds(look_at(str(tmp_path)), found)
    assert not holds(found, look_at(str(tmp_path)))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8))))
def test_links_do_not_matter_in_any_tree(parents: list[int], links: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as top:
        folders = [Path(os.path.realpath(top))]
        for number, parent in enumerate(parents):
            folders.append(folders[parent % len(folders)] / str(number))
            folders[-1].mkdir()
        names = [(folder, folder) for folder in folders]
        for number, (at, to) in enumerate(links):
            link = folders[at % len(folders)] / f"link{number}"
            link.symlink_to(folders[to % len(folders)])
            names.append((link, folders[to % len(folders)]))
        mounts = read_mounts()
        for one, real in names:
            for other, there in names:
                held = holds(look_at(str(one), mounts), look_at(str(other), mounts))
                assert held is (real == there or real in there.parents)
