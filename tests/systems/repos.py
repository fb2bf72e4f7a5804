"""Make the git repos of a system: from the files here, from packages that the registries' clients fetch, or by git."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from tests.systems.labels import Commit, Package, System, files

FETCH_WITHIN = 300.0  # seconds for one package of a few megabytes
_GIT_WITHIN = 60.0
_CLONE_WITHIN = 600.0  # seconds for a repo with its history, of some ten megabytes
SOURCE = "https://github.com"
HISTORY = 3_000  # commits that are fetched of a repo whose history counts: the newest
_SUFFIXES = (".whl", ".tgz")


class FetchError(Exception):
    """A package or repo is not available, or is not the one that was labelled."""


def make(
    system: System, folder: Path, cache: Path, say: Callable[[str], None], source: str = SOURCE
) -> dict[str, Path]:
    """Make the repos of a system below a folder, or in the cache if git fetches them. Returns their paths by child.

    Raises FetchError.
    """
    if system.pinned:
        return {it.child: checkout(it.repo, it.commit, cache, source, HISTORY) for it in system.pinned}
    made = {}
    for child in system.children:
        path = folder / child
        path.mkdir(parents=True)
        _git(path, "init", "--quiet", "--initial-branch=main", "--template=")
        made[child] = path
    if not system.real:
        for child, path in made.items():
            _replay(path, files(system, child), [it for it in system.commits if it.repo == child])
        return made
    for package in system.packages:
        unpack(fetch(package, cache, say), made[package.child] / package.into)
    for child, path in made.items():
        versions = ", ".join(f"{it.name} {it.version}" for it in system.packages if it.child == child)
        _commit(path, Commit(child, "Packages <packages@example.invalid>", "1748854800 +0000", versions, ()))
    return made


def checkout(repo: str, commit: str, cache: Path, source: str = SOURCE, commits: int = 1) -> Path:
    """Fetch a commit of owner/name with its history of so many commits, or take it from the cache. Raises FetchError.

    `source`: a URL, or a folder with OWNER/NAME or OWNER/NAME.git in it.
    """
    kept = cache / f"{repo.replace('/', '+')}-{commit[:16]}{f'-{commits}' if commits > 1 else ''}"
    if kept.is_dir():
        return kept
    drop = cache / f"clone-{os.getpid()}"
    shutil.rmtree(drop, ignore_errors=True)
    drop.mkdir(parents=True)
    folder = Path(source).expanduser()
    url = f"{folder.resolve() if folder.is_dir() else source.rstrip('/')}/{repo}"
    try:
        _git(drop, "init", "--quiet", "--template=")
        _git(drop, "fetch", "--quiet", "--no-tags", f"--depth={commits}", url, commit, within=_CLONE_WITHIN)
        _git(drop, "-c", "advice.detachedHead=false", "checkout", "--quiet", "FETCH_HEAD", within=_CLONE_WITHIN)
        drop.rename(kept)
    except (OSError, subprocess.SubprocessError) as error:
        if kept.is_dir():  # somebody else was faster
            return kept
        said = (getattr(error, "stderr", b"") or b"").decode("utf-8", "replace").strip().splitlines()
        cause = [line for line in said if line.startswith(("fatal:", "error:"))] or said[-1:] or [str(error)]
        raise FetchError(f"{repo} {commit[:10]}: {cause[0]}") from error
    finally:
        shutil.rmtree(drop, ignore_errors=True)
    return kept


def commits_of(path: Path) -> list[str]:
    """The ids of the commits of a repo, newest first."""
    return _git(path, "log", "--format=%H").decode().split()


def sources(repos: dict[str, Path]) -> dict[str, dict[str, bytes]]:
    """The files of each repo, without git's own."""
    return {
        child: {
            path.relative_to(top).as_posix(): path.read_bytes()
            for path in top.rglob("*")
            if path.is_file() and path.relative_to(top).parts[0] != ".git"
        }
        for child, top in repos.items()
    }


def fetch(package: Package, cache: Path, say: Callable[[str], None]) -> Path:
    """Fetch the archive of a package, or take it from the cache. Raises FetchError if its sha256 is wrong."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{package.sha256[:16]}-{fold_name(package)}"
    for suffix in _SUFFIXES:
        if kept.with_name(kept.name + suffix).is_file():
            return _checked(kept.with_name(kept.name + suffix), package)
    say(f"fetching {package.name} {package.version} ({package.source})")
    drop = cache / f"fetch-{os.getpid()}"
    shutil.rmtree(drop, ignore_errors=True)
    drop.mkdir()
    try:
        if package.source == "pypi":
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--only-binary=:all:", "--dest", str(drop), f"{package.name}=={package.version}"]
        else:
            command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(drop)]
            command += [f"{package.name}@{package.version}"]
        try:
            done = subprocess.run(
                command, cwd=drop, capture_output=True, text=True, check=False, timeout=FETCH_WITHIN, errors="replace"
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FetchError(f"{package.name} {package.version}: {error}") from error
        got = [path for path in drop.iterdir() if path.name.endswith(_SUFFIXES)]
        if done.returncode != 0 or len(got) != 1:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing was fetched"]
            raise FetchError(f"{package.name} {package.version}: {last[0]}")
        _checked(got[0], package)
        return Path(shutil.move(got[0], kept.with_name(kept.name + got[0].suffix)))
    finally:
        shutil.rmtree(drop, ignore_errors=True)


def fold_name(package: Package) -> str:
    return "".join(char if char.isalnum() else "-" for char in f"{package.name}-{package.version}").strip("-")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a wheel or an npm package into a folder, without `package/` of npm; only plain files with plain names."""
    folder.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for item in wheel.infolist():
                if not item.is_dir():
                    _write(folder, item.filename, wheel.read(item))
    else:
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is not None:
                    _write(folder, member.name.partition("/")[2], content.read())


def _write(folder: Path, name: str, content: bytes) -> None:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or ".git" in parts or name.startswith("/"):
        return
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _checked(archive: Path, package: Package) -> Path:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        raise FetchError(f"{package.name} {package.version}: sha256 is {found}, not {package.sha256}")
    return archive


def _replay(path: Path, content: dict[str, bytes], commits: list[Commit]) -> None:
    """Make one commit after the other. Each commit adds a part of the lines of its files, and the last one the rest."""
    for number, commit in enumerate(commits):
        if number == 0:
            unknown = {name for it in commits for name in it.files} - set(content)
            assert not unknown, f"{commit.repo}: commits name files that do not exist: {', '.join(sorted(unknown))}"
        for name, text in content.items():
            if number and name not in commit.files:
                continue
            writes = 1 + sum(name in it.files for it in commits[1:])
            written = 1 + sum(name in it.files for it in commits[1 : number + 1])
            lines = text.splitlines(keepends=True)
            _write(path, name, b"".join(lines[: len(lines) * written // writes]))
        _commit(path, commit)


def _commit(path: Path, commit: Commit) -> None:
    name, _, mail = commit.author.removesuffix(">").partition(" <")
    who = {}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": mail, f"GIT_{role}_DATE": commit.date}
    _git(path, "add", "--all", "--force")
    _git(path, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", commit.message, who=who)


def _git(path: Path, *arguments: str, who: dict[str, str] | None = None, within: float = _GIT_WITHIN) -> bytes:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", **(who or {})}
    return subprocess.run(
        ["git", "-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", *arguments],
        cwd=path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=within,
    ).stdout
