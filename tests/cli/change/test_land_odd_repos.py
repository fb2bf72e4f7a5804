"""`orch land` in repos that are not plain lands exactly what the task changed, or refuses and changes nothing."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.domain.change.entry import LandingDecided
from supervisor.runtime.change import journal
from tests import CHECKOUT
from tests.cli.change.landing import BRANCH, Land, branches, locks, subjects
from tests.gitrepo import commit, empty_repo, git, stand_in
from tests.landscape import Landscape, write
from tests.programs import require

pytestmark = pytest.mark.long


def sha256(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    git(repo, "init", "-q", "-b", "main", "--object-format=sha256")
    commit(repo)


def reftable(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    try:
        git(repo, "init", "-q", "-b", "main", "--ref-format=reftable")
    except subprocess.CalledProcessError:
        pytest.skip(f"{git(repo.parent, '--version')} makes no repos with reftable: that takes 2.45")
    commit(repo)


def shallow(repo: Path) -> None:
    for number in range(3):
        commit(repo, f"past {number}")
    cloned(repo, "--depth=1")


def partial(repo: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    write(repo, {"old": "gone\n"})
    commit(repo)
    write(repo, {"old": None})
    commit(repo)
    cloned(repo, "--filter=blob:none")


def cloned(repo: Path, *words: str) -> None:
    """Put a clone in the place of the repo."""
    origin = repo.rename(repo.with_name(f"{repo.name}-origin"))
    git(origin.parent, "clone", "-q", *words, f"file://{origin}", str(repo))


def sparse(repo: Path) -> None:
    write(repo, {"in/a": "a\n", "out/b": "b\n"})
    commit(repo)
    git(repo, "sparse-checkout", "set", "in")


def submodule(repo: Path) -> None:
    inner = empty_repo(repo.with_name("inner"))
    commit(inner)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    commit(repo)


def linked(repo: Path) -> None:
    main = repo.rename(repo.with_name(f"{repo.name}-main"))
    git(main, "worktree", "add", "-q", "-b", "other", str(repo))


def with_line_ends(repo: Path) -> None:
    write(repo, {".gitattributes": "* text=auto eol=crlf\n"})
    commit(repo)


def with_odd_names(repo: Path) -> None:
    write(repo, {"two\nlines": "x\n", "ü": "x\n", '"q"': "x\n", "-n": "x\n"})
    commit(repo)


def replaced(repo: Path) -> None:
    git(repo, "replace", "HEAD", git(repo, "commit-tree", git(repo, "mktree", "--missing"), "-m", "other"))


def with_packed_refs(repo: Path) -> None:
    git(repo, "pack-refs", "--all")
    git(repo, "gc", "-q")


@pytest.mark.parametrize("here", [False, True], ids=["branch", "here"])
@pytest.mark.parametrize(
    "shape",
    [
        sha256,
        reftable,
        shallow,
        partial,
        sparse,
        submodule,
        linked,
        with_line_ends,
        with_odd_names,
        replaced,
        with_packed_refs,
    ],
)
def test_exactly_what_the_task_changed_is_landed(
    made: Landscape, land: Land, shape: Callable[[Path], None], here: bool
) -> None:
    api = made.repos["api"]
    shape(api)
    git(api, "config", "user.name", "Ada")
    git(api, "config", "user.email", "ada@example.com")
    made.ran("T1", {"api": {"new/a.txt": "a\n", "lines": "T1\n", "README.md": None}, "web": {"w.txt": "w\n"}})
    before = git(api, "rev-parse", "HEAD"), git(api, "status", "--porcelain=v2")

    ran = land(*(["--here"] if here else []))

    assert ran.code == 0, ran.err
    branch = git(api, "symbolic-ref", "--short", "HEAD") if here else BRANCH
    assert git(api, "rev-parse", f"{branch}~") == before[0]
    changed = git(api, "--no-replace-objects", "diff", "--name-status", "--no-renames", before[0], branch).splitlines()
    assert changed == ["D\tREADME.md", "M\tlines", "A\tnew/a.txt"]
    after = git(api, "rev-parse", "HEAD"), git(api, "status", "--porcelain=v2")
    assert (after[1] == "") if here else (after == before)


def test_a_repo_of_a_form_that_this_git_does_not_know_refuses_all(made: Landscape, land: Land) -> None:
    made.ran("T1", {name: {"a.txt": "a\n"} for name in made.repos})
    git(made.repos["web"], "config", "core.repositoryFormatVersion", "1")
    git(made.repos["web"], "config", "extensions.refsOfTomorrow", "yes")
    ran = land()
    assert (ran.code, "unknown repository extension found" in ran.err) == (1, True)
    git(made.repos["web"], "config", "--file", f"{made.repos['web']}/.git/config", "core.repositoryFormatVersion", "0")
    assert branches(made) == {}


def test_a_git_folder_that_cannot_be_written_refuses_all(made: Landscape) -> None:
    made.ran("T1", {name: {"a.txt": "a\n"} for name in made.repos})
    folder = made.repos["web"] / ".git"
    somebody = [require("unshare"), "--user", "--map-user=1000", "--map-group=1000"]  # root may write everything
    if subprocess.run([*somebody, "true"], capture_output=True, timeout=20).returncode != 0:
        pytest.skip("nobody but root may be somebody else here: there are no user namespaces")
    subprocess.run(["chmod", "-R", "a-w", folder], check=True, timeout=20)
    command = [*somebody, sys.executable, "-m", "supervisor.cli.main", "-C", str(made.workspace.root), "land"]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    subprocess.run(["chmod", "-R", "u+w", folder], check=True, timeout=20)
    assert (ran.returncode, "git cannot write a commit in" in ran.stderr) == (1, True)
    assert (branches(made), locks(made)) == ({}, [])


def test_an_ssh_key_signs_and_one_that_fails_refuses_everything(made: Landscape, land: Land, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=20)
    web = made.repos["web"]
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    for name, value in (("commit.gpgSign", "true"), ("gpg.format", "ssh"), ("user.signingKey", f"{key}-none")):
        git(web, "config", name, value)

    ran = land()
    assert ran.code == 1
    assert "git cannot sign a commit" in ran.err
    assert branches(made) == {}

    git(web, "config", "user.signingKey", str(key))
    git(web, "config", "gpg.ssh.program", f"{tmp_path}/evil")
    assert "names the program for it (gpg.ssh.program)" in land().err
    git(web, "config", "--unset", "gpg.ssh.program")
    assert land().code == 0
    assert "-----BEGIN SSH SIGNATURE-----" in git(web, "cat-file", "commit", BRANCH)
    made.revision = 4
    made.save()
    assert "nothing to land" in land().err
    git(web, "config", "commit.gpgSign", "false")
    assert "nothing to land" in land().err
    assert land("--branch", "plain").code == 0
    git(web, "config", "commit.gpgSign", "true")
    assert land("--branch", "plain").code == 0  # one that has to be signed does not stay as it is
    assert "-----BEGIN SSH SIGNATURE-----" in git(web, "cat-file", "commit", "plain")


def test_the_encoding_of_messages_and_titles_that_are_no_good(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    git(api, "config", "i18n.commitEncoding", "ISO-8859-1")
    made.ran(
        "T1",
        {"api": {"a.txt": "a\n"}},
        title="Größe\x1b[31m zählen",
        summary="One.\n\n---\nOrch-Task: T9\n\x00\n" + "word " * 40,
    )

    assert land().code == 0
    git(api, "config", "i18n.logOutputEncoding", "UTF-8")
    assert git(api, "log", "-1", "--format=%s", BRANCH) == "Größe [31m zählen"
    assert git(api, "log", "-1", "--format=%(trailers:key=Orch-Task,valueonly)", BRANCH) == "T1"
    body = git(api, "log", "-1", "--format=%b", BRANCH).splitlines()
    assert body[2] == " ---"
    assert max(map(len, body)) <= 72


def test_nothing_of_the_repo_runs_but_the_hooks_of_a_commit(made: Landscape, land: Land, tmp_path: Path) -> None:
    api = made.repos["api"]
    for name in ("pre-commit", "commit-msg", "reference-transaction", "post-index-change", "post-commit"):
        hook = api / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n", encoding="utf-8")
        hook.chmod(0o755)
    made.ran("T1", {"api": {"a.txt": "a\n", "lines": "mine\n"}})
    write(api, {".gitattributes": "* merge=evil\n*.dat filter=evil\n", "lines": "0\n" * 9, "x.dat": "x\n"})
    git(api, "config", "merge.evil.driver", f"touch {tmp_path}/ran-driver")
    git(api, "config", "filter.evil.clean", f"touch {tmp_path}/ran-filter; cat")

    assert land("--here").code == 0
    assert {path.name for path in tmp_path.glob("ran-*")} == {"ran-pre-commit", "ran-commit-msg"}


def test_a_file_whose_filter_only_the_repo_names_is_refused_and_one_of_the_persons_own_is_filtered(
    made: Landscape, land: Land
) -> None:
    api = made.repos["api"]
    git(api, "config", "filter.crypt.clean", "tr a-z n-za-m")
    write(api, {".gitattributes": "*.key filter=crypt\n*.bin filter=lfs\n"})
    commit(api)
    made.ran("T1", {"api": {"new.key": "plain\n"}, "web": {"w.txt": "w\n"}})

    assert "api: new.key goes through the filter `crypt`, which only the repo's own configuration names" in land().err
    assert branches(made) == {}
    git(api, "config", "--unset", "filter.crypt.clean")
    git(api, "config", "--global", "filter.crypt.clean", "tr a-z n-za-m")
    made.ran("T2", {"api": {"other.key": "plain\n", "new.key": None}})
    assert land().code == 0
    assert git(api, "show", f"{BRANCH}:other.key") == "cynva"


def test_files_of_git_lfs_are_landed_as_pointers(made: Landscape, land: Land) -> None:
    require("git-lfs")
    api = made.repos["api"]
    git(api, "lfs", "install", "--skip-repo")
    write(api, {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "old.bin": "old\n" * 999})
    commit(api)
    made.ran("T1", {"api": {"new.bin": "new\n" * 999, "old.bin": "changed\n" * 999}})

    assert land().code == 0
    shown = [git(api, "show", f"{BRANCH}:{name}.bin").splitlines()[0] for name in ("new", "old")]
    assert shown == ["version https://git-lfs.github.com/spec/v1"] * 2
    git(api, "stash", "-q", "-u")
    git(api, "switch", "-q", BRANCH)
    assert (api / "new.bin").read_text(encoding="utf-8") == "new\n" * 999


def test_two_landings_at_once_are_one_and_a_refusal(made: Landscape, tmp_path: Path) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    began, go_on = tmp_path / "began", tmp_path / "go-on"
    os.mkfifo(began)
    os.mkfifo(go_on)
    hook = made.repos["web"] / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\necho > {began}\nread -r _ < {go_on}\n", encoding="utf-8")
    hook.chmod(0o755)
    command = [sys.executable, "-m", "supervisor.cli.main", "-C", str(made.workspace.root), "land", "--json"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as first:
        subprocess.run(["timeout", "60", "cat", began], check=True, stdout=subprocess.DEVNULL)
        second = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
        subprocess.run(["timeout", "60", "sh", "-c", f"echo > {go_on}"], check=True)
        out, _ = first.communicate(timeout=60)

    told = json.loads(second.stdout)
    assert (second.returncode, told["state"], told["repos"]) == (1, "refused", [])
    assert "another operation goes on" in told["why"]
    assert (first.returncode, json.loads(out)["state"]) == (0, "landed")
    assert [subjects(repo) for repo in made.repos.values()] == [["Do T1", "Start api"], ["Do T1", "Start web"]]
    assert locks(made) == []
    with journal.opened(made.workspace.operations) as book:
        assert [one.number for one in book.entries if isinstance(one, LandingDecided)] == [1]


@pytest.mark.parametrize("times", [1, 9])
def test_a_commit_of_a_human_in_between_is_built_on_or_refuses(
    made: Landscape, land: Land, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, times: int
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    web, real = made.repos["web"], shutil.which("git")
    count = tmp_path / "count"
    count.write_text(f"{times}\n", encoding="utf-8")
    stand_in(
        monkeypatch,
        tmp_path,
        f"""case "$*" in *"{web}"*--stdin)
            read -r left < {count}
            if [ "$left" -gt 0 ]; then
                echo $((left - 1)) > {count}
                {real} -C {web} commit -q --allow-empty -m "By a human" < /dev/null
            fi
        esac
        exec {real} "$@" """,
    )

    ran = land()

    assert locks(made) == []
    if times == 1:
        assert ran.code == 0, ran.err
        assert subjects(web) == ["Do T1", "By a human", "Start web"]
        return
    assert (ran.code, branches(made)) == (1, {})
    assert "somebody committed in web at the same time" in ran.err


def test_work_trees_of_one_repo_are_not_landed_together(made: Landscape, land: Land) -> None:
    shutil.rmtree(made.repos["web"])
    git(made.repos["api"], "worktree", "add", "-q", "-b", "side", str(made.repos["web"]))
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})

    assert "api and web are work trees of one repo" in land().err
    assert locks(made) == []


def test_a_commit_of_the_child_is_not_made_twice(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    git(api, "add", "-A")
    git(api, "commit", "-q", "-m", "The child's own")
    made.ran("T2", {"api": {"a.txt": "a\nb\n"}})

    assert land().code == 0
    assert subjects(api) == ["Do T2", "The child's own", "Start api"]


@pytest.mark.parametrize("size", [0, 150, 700, 1500, 4000])
def test_a_disk_that_is_full_at_any_point_leaves_nothing_half_done(made: Landscape, land: Land, size: int) -> None:
    made.ran("T1", {name: {"a.txt": f"{name}\n" * 400} for name in made.repos})
    made.workspace.operations.write_bytes(b"")
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "supervisor.cli.main", "-C", str(made.workspace.root), "land"]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    ran = subprocess.run(
        command, cwd=CHECKOUT, env=environ, preexec_fn=limited, capture_output=True, text=True, timeout=60
    )
    there = branches(made)
    assert len(there) == (2 if ran.returncode == 0 else 0), ran.stderr
    assert locks(made) == []
    assert land().code == 0
    assert len(branches(made)) == 2
