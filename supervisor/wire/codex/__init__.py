"""The part of the Codex app-server's protocol that we speak: its methods, and what its messages mean.

Field names are those of `codex app-server generate-json-schema --experimental`; a contract test checks each against the
binary found. A message is read once, into a Struct: fields that we do not use are left out, those that a version does
not send have a default, and what does not fit is `NotUnderstood`.

Here: params, answers, notifications, requests and items. Not here: who sends them (`runtime.codex`).
"""
