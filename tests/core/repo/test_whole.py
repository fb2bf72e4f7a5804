"""What the snapshot says of small repos of many ecosystems: only what is sure, and where it is."""

from __future__ import annotations

import pytest

from tests.core.repo.whole import commands, texts

ANDROID = """<manifest xmlns:android="http://schemas.android.com/apk/res/android">
  <application android:label="A" android:name=".ThingApp">
    <!-- <activity android:name=".Old"><category android:name="android.intent.category.LAUNCHER" /></activity> -->
    <activity android:name=".Other" />
    <activity android:name="com.example.thing.ui.StartActivity">
      <intent-filter><category android:name="android.intent.category.LAUNCHER" /></intent-filter>
    </activity>
  </application>
</manifest>
"""
KOTLIN = "app/src/main/java/com/example/thing"


def test_an_android_app_starts_in_its_application_and_its_launcher() -> None:
    files = {
        "settings.gradle": "include ':app'\n",
        "app/build.gradle": "plugins {\n  id 'com.android.application'\n}\n",
        "app/src/main/AndroidManifest.xml": ANDROID,
        f"{KOTLIN}/ThingApp.kt": "class ThingApp : Application()\n",
        f"{KOTLIN}/ui/StartActivity.kt": "class StartActivity\n",
        f"{KOTLIN}/Old.kt": "class Old\n",
    }
    assert texts(files, "entry") == [f"{KOTLIN}/ThingApp.kt:1", f"{KOTLIN}/ui/StartActivity.kt"]


def test_a_class_that_two_modules_have_is_left_out() -> None:
    files = {
        "src/main/AndroidManifest.xml": ANDROID,
        "src/main/java/a/ThingApp.java": "",
        "src/main/java/b/ThingApp.java": "",
    }
    assert texts(files, "entry") == []


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        (
            {
                "pom.xml": "<project><properties><start-class>com.example.Go</start-class></properties></project>",
                "src/main/java/com/example/Go.java": "class Go {}\n",
            },
            ["src/main/java/com/example/Go.java"],
        ),
        (
            {"src/main/kotlin/org/samples/shop/ShopApplication.kt": "\n@SpringBootApplication\nclass S\n"},
            ["src/main/kotlin/org/samples/shop/ShopApplication.kt:2"],
        ),
        (
            {
                "public/index.php": "<?php\n\nrequire_once __DIR__.'/../vendor/autoload.php';\n",
                "bin/console": "#!/usr/bin/env php\n<?php\n",
                "lib/index.php": "<?php // Silence is golden\n",
            },
            ["bin/console:1", "public/index.php:3"],
        ),
        ({"config.ru": "require 'x'\n\nrun App\n"}, ["config.ru:3"]),
        ({"run": "#!/bin/sh\npython -m app\n", "start": "not a script\n"}, ["run:1"]),
        (
            {"manifest.json": '{\n "manifest_version": 3,\n "background": {"service_worker": "bg.js"}\n}', "bg.js": ""},
            ["bg.js"],
        ),
        (
            {
                "public/manifest.json": '{"manifest_version": 2, "browser_action": {"default_popup": "popup.html"},\n'
                '"content_scripts": [{"js": ["./js/content.js"]}], "background": {"scripts": ["./js/gone.js"]}}',
                "src/content.ts": "",
                "src/popup/popup.tsx": "",
            },
            ["src/content.ts", "src/popup/popup.tsx"],
        ),
        ({"public/manifest.json": '{"name": "x", "start_url": "/", "icons": []}', "src/x.ts": ""}, []),
        (
            {"api/package.json": '{"scripts": {"start": "node -r dotenv src/main.js"}}', "api/src/main.js": ""},
            [],
        ),
        (
            {"api/package.json": '{"main": "gone.js", "scripts": {"start": "node ./src/a.js"}}', "api/src/a.js": ""},
            ["api/src/a.js"],
        ),
    ],
    ids=["maven", "jvm package", "php", "rack", "script", "extension", "built extension", "web app", "unsure", "node"],
)
def test_a_repo_starts_where_its_ecosystem_says(files: dict[str, str], entries: list[str]) -> None:
    assert texts(files, "entry") == entries


@pytest.mark.parametrize("check", ["HEALTHCHECK --interval=5s \\\n  # hourly\n  CMD curl x", "HEALTHCHECK CMD curl x"])
def test_the_health_check_of_an_image_is_no_entry_point(check: str) -> None:
    assert texts({"Dockerfile": f"FROM a\n{check}\nCMD serve\n"}, "entry") == [f"Dockerfile:{3 + check.count(chr(10))}"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {
                "gradlew": "",
                "build.gradle": "plugins {\n  id 'java'\n}\ntasks.register('downloadSpec') {\n}\n",
                "sub/build.gradle": "tasks.register('testsJar', Jar) {\n}\n",
                "src/test/java/A.java": "",
            },
            ["test: ./gradlew test", "build: ./gradlew build"],
        ),
        ({"pom.xml": "<project/>", "mvnw": ""}, ["build: ./mvnw package"]),
        ({"Cargo.toml": "[package]\n"}, ["test: cargo test", "build: cargo build"]),
        (
            {"Cargo.toml": "[package]\n", "README.md": "Run `cargo test --all`.\n"},
            ["test: cargo test --all", "build: cargo build"],
        ),
        (
            {"pubspec.yaml": "dependencies:\n  flutter:\n    sdk: flutter\n", "lib/main.dart": ""},
            ["run: flutter run", "setup: flutter pub get"],
        ),
        ({"go.mod": "module a\n", "a_test.go": ""}, ["test: go test ./...", "build: go build ./..."]),
        (
            {"package.json": '{"packageManager": "pnpm@9", "scripts": {"lint": "x", "test": "y", "publish": "z"}}'},
            ["test: pnpm test", "lint: pnpm lint", "release: pnpm run publish"],
        ),
        (
            {
                "yarn.lock": "",
                "package.json": "{}",
                "web/package.json": '{"scripts": {"build": "x", "postinstall": "make build"}}',
            },
            ["build: cd web && yarn build"],
        ),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, []),
        (
            {"composer.json": '{"scripts": {"test": "x", "post-install-cmd": ["@a"], "auto-scripts": {"a": ""}}}'},
            ["test: composer test", "setup: composer install"],
        ),
        (
            {"Package.swift": "// swift-tools-version:5.9\n", "Tests/AppTests/A.swift": ""},
            ["test: swift test", "build: swift build"],
        ),
        (
            {"fw/platformio.ini": "[env:a]\n", "fw/test/test_a.cpp": ""},
            ["test: cd fw && pio test", "build: cd fw && pio run"],
        ),
        ({"Gemfile": "gem 'rack'\n"}, ["setup: bundle install"]),
        (
            {"android/gradlew": "", "android/build.gradle": "plugins {\n id 'application'\n}\ntask lintAll {\n}\n"},
            [
                "lint: cd android && ./gradlew lintAll",
                "build: cd android && ./gradlew build",
                "run: cd android && ./gradlew run",
            ],
        ),
        ({"Procfile": "web: bundle exec puma\nworker: x\n"}, []),
    ],
    ids=[
        "gradle",
        "maven",
        "cargo",
        "told",
        "flutter",
        "go",
        "pnpm",
        "yarn",
        "stand-in",
        "composer",
        "swift",
        "platformio",
        "bundler",
        "folder",
        "procfile",
    ],
)
def test_commands_of_the_build_tool_are_said_if_nothing_else_names_one(files: dict[str, str], said: list[str]) -> None:
    assert commands(files) == said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"README.md": "Run `./bin/test` or `bin/test -x`, and `bin/test`.\n", "bin/test": ""},
            ["test: ./bin/test", "test: bin/test -x"],
        ),
        (
            {"README.md": "```sh\ngit clone https://x/thing.git\ncd thing\nmake all\n```\n", "Makefile": ""},
            ["build: make all"],
        ),
        (
            {
                "README.md": "```sh\ngit clone https://x/thing\n```\n\n```sh\ncd thing\nbin/setup\n```\n",
                "bin/setup": "",
            },
            ["setup: bin/setup"],
        ),
        (
            {"README.md": "```sh\ncd web\nnpm ci\ncd ..\nmake all\n```\n", "web/package.json": "{}"},
            ["setup: cd web && npm ci"],
        ),
        (
            {
                "README.md": "Run this from the `gui` directory:\n\n```sh\nnpm run build\n```\n",
                "gui/package.json": '{"scripts": {"build": "x"}}',
            },
            ["build: cd gui && npm run build"],
        ),
        ({"README.md": "Run this from the `gui` directory:\n\n```sh\nnpm run build\n```\n"}, []),
        ({"README.md": "```sh\ncd $HOME/x\n./gradlew build\n```\n", "gradlew": ""}, []),
        (
            {"client/README.md": "```sh\nmvn install\n```\n", "client/pom.xml": "<project/>"},
            ["build: cd client && mvn install"],
        ),
        ({"lib/README.md": "```sh\nmvn install\nsome-linter\n```\n"}, []),
        (
            {
                "README.md": "```sh\nnpm i thing\npipx install thing\ncargo install thing\npip install thing\n```\n",
                "setup.cfg": "[metadata]\nname = thing\n",
            },
            [],
        ),
        (
            {"docs/guide.md": "Use `npx eslint .` and `npm run lint`.\n", "package.json": '{"scripts": {"lint": "x"}}'},
            ["lint: npm run lint"],
        ),
        (
            {
                "README.md": "```sh\ndocker run -e A=b postgres:16\ndocker run me/thing:1\n```\n",
                "go.mod": "module x/thing\n",
            },
            ["build: go build ./...", "run: docker run me/thing:1"],
        ),
        ({"README.md": "| To | Run |\n|---|---|\n| test | `make test` |\n", "Makefile": ""}, ["test: make test"]),
        (
            {
                ".github/workflows/a.yml": "jobs:\n  a:\n    steps:\n"
                "      - run: |\n          cd sim\n          mkdir -p out\n          pytest -v\n"
                "      - run: npm test\n        working-directory: ./web\n"
                "      - run: V=$(python3 scripts/version.py)\n      - run: bin/rails db:setup\n"
            },
            ["test: cd sim && pytest -v", "test: cd web && npm test"],
        ),
    ],
    ids=[
        "twice",
        "clone",
        "clone before",
        "cd",
        "said",
        "said of nothing",
        "unknown",
        "nested",
        "nested unsure",
        "product",
        "manual",
        "image",
        "table",
        "ci",
    ],
)
def test_a_command_is_said_with_its_folder_or_not_at_all(files: dict[str, str], said: list[str]) -> None:
    assert commands(files) == said


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("CONTRIBUTING.md", "There are pull requests, but I don't have time to test.\n", []),
        ("CONTRIBUTING.md", "If you don't add tests, we have to, and this holds up the patch.\n", []),
        ("CONTRIBUTING.md", "Please join us and feel free to open a pull request!\n", []),
        ("CONTRIBUTING.md", "## Reporting bugs\n\n- Use a clear title before you open a pull request\n", []),
        ("CONTRIBUTING.md", "Please create an issue to notify us of changes!\n", []),
        ("CONTRIBUTING.md", "## Commits\n\n- test (unit test)\n", []),
        ("README.md", "## Contributing\n\nDiscuss in #thing on Libera Chat.\n", []),
        ("CONTRIBUTING.md", "The pull request does not need to be perfect.\n", []),
        ("AGENTS.md", "It is throttled so parallel agents don't flood. Never write to `dist`, please.\n",
         ["Never write to dist, please."]),
        ("README.md", "- Examples: push to a remote, or commit\n", []),
        ("README.md", "Please allow push notifications before you start.\n\nUsers should never push the button.\n", []),
        ("README.md", "It lets teams say how changes should be released in a changeset.\n", []),
        ("README.md", "Every pull request should have a test.\n", ["Every pull request should have a test."]),
        ("README.md", "| Must | Commit |\n|---|---|\n| all must be | in a commit |\n", []),
        ("README.md", "## Contributing\n\nTyping should always be used in code.\n\n- `a/`: helpers, should be clear\n",
         ["Typing should always be used in code."]),
        ("lib/x/README.md", "Bump the build number and commit\n", []),
        ("web/README.md", "Do not edit these files: they are made.\n", ["Do not edit these files: they are made."]),
        ("docs/releases.md", "- Release 2: please run `make test` before you commit\n", []),
        ("docs/release-notes-1.2.md", "- Please run `make test` before a release\n", []),
        ("docs/process.md", "## Creating a new release\n\n1. Ensure that CI is green\n\n## Use\n\n1. Ensure it\n",
         ["Ensure that CI is green"]),
        ("CONTRIBUTING.md", "Any code you have contributed will be licensed under MIT.\n",
         ["Any code you have contributed will be licensed under MIT."]),
        ("CONTRIBUTING.md", "You may need to edit the path.\n\nPlease discuss the change with us first.\n",
         ["Please discuss the change with us first."]),
        ("AGENTS.md", "**Build:** `make`  \n**Types:** Use `actor` for services  \n**All:** models must conform\n",
         ["Types: Use actor for services", "All: models must conform"]),
    ],
)  # fmt: skip
def test_a_rule_tells_a_contributor_what_to_do(name: str, text: str, rules: list[str]) -> None:
    assert [it.partition(": ")[2] for it in texts({name: text}, "rule")] == rules


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("> [!WARNING]\n> This is the branch of version 3.\n\nA tool that counts all things.\n",
         "A tool that counts all things."),
        ("<p><b>Download:</b> <a href='a'>Chrome</a> | <a href='b'>Firefox</a> | <a href='c'>Edge browser</a></p>\n\n"
         "A tool that counts all things.\n", "A tool that counts all things."),
        ("| one thing | other thing |\n|---|---|\n| what it does | and how |\n\nA tool that counts all things.\n",
         "A tool that counts all things."),
        ("[a-badge]: https://x.org/a.svg\n\nFeed of it: https://x.org/feed/of/it\n\nA tool that counts all things.\n",
         "A tool that counts all things."),
        ("> A tool that counts all things.\n", "A tool that counts all things."),
    ],
)  # fmt: skip
def test_the_summary_is_no_notice_and_no_row_of_links(text: str, about: str) -> None:
    assert texts({"README.md": f"# Thing\n\n{text}"}, "about") == [about]


@pytest.mark.parametrize("name", ["t.rst", "t.adoc"])
def test_rows_of_other_markup_are_no_sentences(name: str) -> None:
    rows = (
        "|===\n| You must commit | and push to us\n|===\n"
        if name == "t.adoc"
        else "+--+--+\n| You must commit | and push to us |\n+--+--+\n"
    )
    assert texts({f"CONTRIBUTING{name[1:]}": f"Title\n=====\n\n{rows}"}, "rule") == []
