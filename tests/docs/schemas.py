"""The JSON Schemas in `docs/schema/`, made from the types that orch writes and reads."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from supervisor.domain.event.log_line import LogLine
from supervisor.domain.status import Status
from supervisor.runtime.config.schema import json_schema

FOLDER = Path(__file__).parent.parent.parent / "docs" / "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def status() -> Schema:
    """What `orch status --json` prints. Every field is there; readers take fields and words that they do not know."""
    schema = _schema("orch status --json", Status)
    for part in schema["$defs"].values():
        part["required"] = list(part["properties"])
    return schema


def log() -> Schema:
    """A line of `orch logs --json`: the fields that all lines share, and any others."""
    schema = _schema("a line of orch logs --json", LogLine)
    del schema["$defs"]["LogLine"]["properties"]["rest"]
    return schema


def config() -> Schema:
    """What `orchestrator.config.yaml` may hold, and nothing else."""
    return json_schema()


SCHEMAS: dict[str, Callable[[], Schema]] = {"status": status, "log": log, "config": config}


def path(name: str) -> Path:
    return FOLDER / f"{name}.schema.json"


def text(name: str) -> str:
    """The file of a schema."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def _schema(title: str, kind: type) -> Schema:
    made = msgspec.json.schema(kind, schema_hook=lambda _: {"description": "any value"})
    for part in made["$defs"].values():
        if "description" in part:
            part["description"] = " ".join(inspect.cleandoc(part["description"]).split())
    return {"$schema": DIALECT, "title": title, **made}
