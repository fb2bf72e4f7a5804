"""Tools that read the repos: snapshots, the map, files and git."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from supervisor.core.map import serialize
from supervisor.core.map.markdown import described, says
from supervisor.core.repo.digest import digest
from supervisor.domain.child import Child
from supervisor.domain.link import Map
from supervisor.errors import OrchError, UsageError
from supervisor.mcp import files, git
from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.page import Answer, Tool, lines_of, rows_of, untrusted
from supervisor.runtime.config.load import named
from supervisor.runtime.remote.roots import root_of
from supervisor.runtime.snapshot import snapshots
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths

PLACES = 3  # shown of one side of a link

Name = Annotated[str, Field(description="A child, as `repos` names it.")]
Start = Annotated[int, Field(ge=0, description="The row to begin with: `next` of the page before.")]
FirstLine = Annotated[int, Field(ge=1, description="The line to begin with: `next` of the page before.")]
Count = Annotated[int, Field(ge=1, le=400, description="At most this many lines.")]


class RepoTools:
    """These tools work without the supervisor."""

    def __init__(self, workspace: WorkspacePaths, client: SupervisorClient) -> None:
        self._workspace = workspace
        self._client = client

    def tools(self) -> list[Tool]:
        """Return them, each with the seconds that it may take."""
        return [
            Tool(self.repos, 30),
            Tool(self.snapshot, 120),
            Tool(self.map, 300),
            Tool(self.files, 60),
            Tool(self.git, 60),
        ]

    def repos(self) -> Answer:
        """List the repos that take part: name, path, and whether the server is ready. Begin here."""
        try:
            status = self._client.status()
        except OrchError as error:
            supervisor, states = str(error), {}
        else:
            supervisor, states = "up", {one.name: one.state for one in status.children}
        children = [
            {
                "name": child.name,
                "path": child.where,
                "there": (Path(child.path) / ".git").exists() if child.runner is None else "not known",
                "server": states.get(child.name, "unknown"),
            }
            for child in named(self._workspace)
        ]
        return {"workspace": str(self._workspace.root), "supervisor": supervisor, "children": children}

    def snapshot(
        self,
        child: Name,
        tokens: Annotated[int, Field(ge=200, le=8000, description="Its length at most.")] = 2500,
    ) -> Answer:
        """Summarise a repo as it is now: git state, history, documents, commands, code. The most useful comes first."""
        found, _ = snapshots.refresh(self._workspace, self._child(child))
        return untrusted(digest(found, tokens), child=child)

    def map(
        self,
        kind: Annotated[str, Field(description="Only this kind: route, topic, key, ... Empty: all.")] = "",
        between: Annotated[list[str] | None, Field(description="Only what these children share.")] = None,
        conflicts: Annotated[bool, Field(description="Only what the repos disagree about.")] = False,
        offset: Start = 0,
        limit: Annotated[int, Field(ge=1, le=50)] = 20,
    ) -> Answer:
        """List what the repos share: their interfaces, what was not understood, and the rows (routes, topics, keys,
        schemas, ...), best first, with file and line."""
        made = survey(self._workspace, named(self._workspace), lambda *_: None)
        wanted = {self._child(name).name for name in between or ()}
        links = tuple(
            link
            for link in made.links
            if kind in ("", link.kind) and wanted <= set(link.children) and (link.conflict or not conflicts)
        )
        rows, page = rows_of(serialize.as_json(Map((), links))["rows"], offset, limit)
        problems = [f"{one.child} could not be read: {one.problem}" for one in made.children if one.problem]
        found: dict[str, object] = {"rows": [_short(row) for row in rows]}
        if offset == 0:  # the first page
            among = [one for one in made.interfaces if wanted <= {one.provider, one.consumer}]
            found["interfaces"] = [f"{says(one)}: {one.title}; used in {', '.join(one.used_in)}" for one in among]
            found["not_understood"] = [described(gap) for gap in made.gaps]
        return untrusted(found, problems=[*problems, *made.cut], **page)

    def files(
        self,
        child: Name,
        path: Annotated[str, Field(description="A file, or a folder to list; empty: the whole repo.")] = "",
        offset: FirstLine = 1,
        limit: Count = 200,
    ) -> Answer:
        """Read lines of a file, or list the files below a folder. Files that git ignores are not shown."""
        found = files.read(self._root(child), path)
        return untrusted(lines_of(found.lines, offset, limit), child=child, path=path, kind=found.kind, cut=found.cut)

    def git(
        self,
        child: Name,
        command: Literal["log", "show", "diff", "grep"],
        revision: Annotated[
            str,
            Field(
                description="A commit, a branch, or (log, diff) a range A..B. diff without one: uncommitted changes."
            ),
        ] = "",
        path: Annotated[str, Field(description="Only this file or folder.")] = "",
        pattern: Annotated[str, Field(description="grep: an extended regular expression.")] = "",
        offset: FirstLine = 1,
        limit: Count = 100,
    ) -> Answer:
        """Run git in a repo: log (one commit a line), show (a commit), diff, or grep (the work tree or a revision)."""
        output = git.run(self._root(child), command, revision, path, pattern)
        return untrusted(lines_of(output.lines, offset, limit), child=child, command=command, cut=output.cut)

    def _root(self, name: str) -> Path:
        """Return the work tree of a child."""
        return root_of(self._workspace, self._child(name))

    def _child(self, name: str) -> Child:
        children = named(self._workspace)
        found = next((one for one in children if one.name == name), None)
        if found is None:
            raise UsageError(f"there is no child `{name[:60]}`", f"use {', '.join(one.name for one in children)}")
        return found


def _short(row: serialize.LinkRow) -> Answer:
    """Shorten a row of the map to PLACES places of each side."""
    places = row["places"]
    kept: list[serialize.PlaceRow] = []
    for name in row["children"]:
        kept += [one for one in places if one["child"] == name][:PLACES]
    return {**row, "places": kept, "more_places": len(places) - len(kept)}
