"""What git would run because a repo's own configuration says so."""

from __future__ import annotations

import pytest

from supervisor.core.boundary.programs import programs


@pytest.mark.parametrize(
    "key",
    [
        "filter.lfs.clean",
        "filter.a.b.smudge",
        "filter..process",
        "core.fsmonitor",
        "core.hookspath",
        "core.sshcommand",
        "diff.pdf.textconv",
        "diff.pdf.command",
        "diff.external",
        "merge.ours.driver",
        "credential.helper",
        "credential.https://example.com.helper",
        "gpg.program",
        "gpg.ssh.program",
        "include.path",
        "includeif.gitdir:~/work/.path",
        "pager.log",
        "lfs.extension.x.clean",
        "lfs.customtransfer.x.path",
        "mergetool.x.path",
        "difftool.x.cmd",
        "tar.x.command",
        "gc.recentobjectshook",
        "imap.tunnel",
        "instaweb.httpd",
        "sendemail.tocmd",
        "sendemail.work.sendmailcmd",
        "protocol.ext.allow",
        "protocol.allow",
    ],
)
def test_a_setting_that_names_a_program_is_told(key: str) -> None:
    assert programs([(key, "./tool")], ()) == (f"{key} = ./tool",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alias.st", "!./tool"),
        ("submodule.lib.update", "!./tool"),
        ("remote.origin.url", "ext::./tool %S"),
        ("remote.origin.pushurl", "ext::./tool"),
        ("sendemail.smtpserver", "/usr/lib/tool"),
    ],
)
def test_a_value_that_names_a_program_is_told(key: str, value: str) -> None:
    assert programs([(key, value)], ()) == (f"{key} = {value}",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alias.st", "status -sb"),
        ("protocol.ext.allow", "never"),
        ("protocol.file.allow", "always"),
        ("sendemail.smtpserver", "mail.example"),
        ("uploadpack.packobjectshook", "./tool"),
        ("url.ssh://x/.insteadof", "https://x/"),
        ("core.bare", "false"),
        ("core.fsmonitor", "true"),
        ("pager.log", "false"),
        ("user.name", "clean"),
        ("remote.origin.url", "https://example.com/x.git"),
        ("filter.lfs.required", "true"),
        ("submodule.lib.update", "rebase"),
        ("branch.filter.clean.merge", "refs/heads/main"),
    ],
)
def test_a_setting_that_names_none_is_not(key: str, value: str) -> None:
    assert programs([(key, value)], ()) == ()


def test_hooks_are_told_after_the_settings() -> None:
    assert programs([("core.pager", "less")], ["pre-commit"]) == ("core.pager = less", "the hook pre-commit")
