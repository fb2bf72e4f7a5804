"""The part of the Codex app-server's protocol that we use: its methods and the types of its messages.

Field names are those of `codex app-server generate-json-schema --experimental`; a contract test checks each against the
binary found. A message is decoded once, into a Struct: fields that we do not use are dropped, fields that a version may
omit have a default, and what does not fit is `NotUnderstood`.

Here: params, answers, notifications, requests and items. Not here: who sends them (`runtime.codex`).
"""
