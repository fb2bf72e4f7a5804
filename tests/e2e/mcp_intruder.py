"""What a command of a child does in these tests to steer by the tools of an orchestrator: it starts an `orch mcp`.

    mcp_intruder.py OUT CALLS ORCH...

CALLS is a JSON list of [tool, arguments]. ORCH are the words that run `orch mcp`. Writes to OUT a line for each call:
its text. A call of `write_plan` is given the version of plan.md that counts.
"""

import json
import os
import subprocess
import sys

WHO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}


class Tools:
    """A running `orch mcp`."""

    def __init__(self, words: "list[str]") -> None:
        self._server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._id = 0
        self._ask("initialize", WHO)
        self._send({"method": "notifications/initialized"})

    def call(self, name: str, arguments: "dict[str, object]") -> str:
        answer = self._ask("tools/call", {"name": name, "arguments": arguments})
        return str(answer["result"]["content"][0]["text"])

    def close(self) -> None:
        self._server.communicate(timeout=60)

    def _ask(self, method: str, params: "dict[str, object]") -> "dict[str, dict[str, list[dict[str, object]]]]":
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        assert self._server.stdout is not None
        for line in self._server.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._id:
                return dict(answer)
        raise SystemExit("it ended")

    def _send(self, message: "dict[str, object]") -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._server.stdin.flush()


def main() -> None:
    out, calls, *words = sys.argv[1:]
    tools = Tools(words)
    lines = []
    for name, arguments in json.loads(calls):
        if name == "write_plan":
            arguments["version"] = json.loads(tools.call("read_plan", {}))["version"]
        lines.append(json.dumps(tools.call(name, arguments)))
    tools.close()
    with open(f"{out}.new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(f"{out}.new", out)


if __name__ == "__main__":
    main()
