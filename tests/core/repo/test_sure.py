"""The snapshot leaves out what is not sure, and says in which folder a command runs: kinds that public repos taught."""

from __future__ import annotations

import pytest

from supervisor.core.repo.commands import purpose_of, purpose_of_name
from supervisor.core.repo.docs import read_docs
from supervisor.core.repo.files import RepoFile
from tests.core.repo.whole import commands, texts

PUBSPEC = "name: app\ndependencies:\n  flutter:\n    sdk: flutter\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## Building\n\nMake sure to run them from the `app` directory.\n\n### One\n\n```sh\nflutter build apk\n```\n",
         ["cd app && flutter build apk"]),
        ("## Commands\n\nRun from `app/` unless stated otherwise.\n\n```sh\nflutter analyze\n```\n\n## Other\n\n"
         "```sh\nmake test\n```\n", ["cd app && flutter analyze", "make test"]),
        ("1. Run `cd app` to enter it\n2. Get it by `flutter pub get`\n\nLater run `make test`.\n",
         ["cd app && flutter pub get", "make test"]),
        ("```sh\nmake test  # in app, not here\nmake lint # in no/such/folder\n```\n",
         ["cd app && make test", "make lint"]),
        ("Run all from `app`:\n\n```sh\nmake lint  # in tools\nmake test\n```\n",
         ["cd tools && make lint", "cd app && make test"]),
        ("Run it in `app` and in `tools`.\n\n```sh\nmake lint\n```\n", ["make lint"]),
        ("A bare `make lint` / `make test` fails because of that.\n\nNever run `make build` here. Run `make run`.\n",
         ["make run"]),
        ("Call `make lint` instead of `make test`.\n", ["make lint"]),
        ("```sh\ngit clone https://example.org/it\ncd it\nmake test\n```\n\nOr `cd it && npm ci`.\n", ["make test"]),
        ("Use `black` to format, which is fast. `mypy` is used. Before a push, run `pytest`.\n", ["pytest"]),
    ],
)  # fmt: skip
def test_a_document_says_where_a_command_runs_and_which_one_not_to_run(text: str, said: list[str]) -> None:
    names = ("CONTRIBUTING.md", "Makefile", "app/Makefile", "app/pubspec.yaml", "tools/Makefile")
    files = [RepoFile(name, len(text)) for name in names]
    found = read_docs(files, {"CONTRIBUTING.md": text.encode()}, manifests=()).commands
    assert [it.text for it in sorted(found, key=lambda it: (it.line, text.find(it.text.rpartition("&& ")[2])))] == said


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("make release VERSION=${{ github.ref_name }}", None),
        ("cargo clippy -- ${{ env.FLAGS }}", "lint"),
        ("cd path/to/thing && npm ci", None),
        ("ROOT=/Users/myusername/sdk ./gradlew test", None),
        ("GEM_HOST=http://localhost:3000 gem push thing.gem", None),
        ("npm publish --registry http://127.0.0.1:4873", None),
        ("pip install --upgrade pip", None),
        ("pip3 install poetry", None),
        ("pip install -r requirements.txt", "setup"),
        ("pip install platformio", "setup"),
        ("npm install --package-lock-only", None),
        ("bundle exec rake", "test"),
        ("rake release:tag", "release"),
        ("./mvnw spring-boot:run", "run"),
        ("mvn -Dx=y quarkus:dev", "run"),
        ("poetry version --short", None),
        ("poetry version patch", "release"),
        ("make ignore-key key=index.version", None),
        ("docker run ... --name thing me/thing", None),
        ("mvn package -Dpassword=xxxxx", None),
        ("./generate.py [--includes INCLUDES] path", None),
        ("cargo install", None),
        ("cargo install --path .", "build"),
        ("mix escript.install hex thing", None),
        ("mix escript.build", "build"),
        ("python -m pip install --upgrade pip wheel", None),
        ("python -m pip install -r requirements.txt", "setup"),
        ("go mod init thing", None),
        ('node version.mjs "$@"', None),
        ("gh release delete old", None),
        ("gh release create new", "release"),
        ("go mod download", "setup"),
        ("java -jar target/thing.jar", "run"),
        ("java -jar generator.jar", None),
        ("node ./examples/pizza --help", None),
        ("web_1 | ruby 2.7.1p83", None),
        ("bundle exec rake db:setup", "setup"),
        ("bin/rails db:create", None),
        ("bin/rails db:prepare", "setup"),
    ],
)
def test_what_cannot_be_run_as_it_stands_or_is_for_a_tool_has_no_purpose(command: str, purpose: str | None) -> None:
    assert purpose_of(command) == purpose


@pytest.mark.parametrize(
    "name", ["docker-down", "coverage-upload", "psalm-update-baseline", "build-results", "test:clean"]
)
def test_the_last_word_of_a_name_may_turn_it_around(name: str) -> None:
    assert purpose_of_name(name) is None


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        *(("prepare-release", "release"), ("setup_branch", "setup"), ("nativeTestCompile", "build"), ("test", "test")),
        *(("checkReleaseBadging", "lint"), ("upload-coverage-report", None), ("release:cleanup", None)),
        *(("extract-version", None), ("release", "release"), ("fix-all", None), ("test-all", "test")),
        *(("all", "build"), ("require-version", None)),
    ],
)
def test_a_name_of_two_purposes_has_that_of_what_it_is_for(name: str, purpose: str | None) -> None:
    assert purpose_of_name(name) == purpose


def test_a_script_of_pnpm_or_yarn_comes_once_with_or_without_run() -> None:
    scripts = '{"scripts": {"lint": "eslint .", "test": "vitest"}}'
    files = {"package.json": scripts, "pnpm-lock.yaml": "", "README.md": "```sh\npnpm run lint\npnpm test\n```\n"}
    assert commands(files) == ["test: pnpm test", "lint: pnpm run lint"]


def test_dependencies_are_installed_in_the_root_although_other_commands_prepare_something() -> None:
    files = {"Gemfile": "", "Rakefile": "", "README.md": "```sh\nrake install:all\ncd web && bundle install\n```\n",
             "web/Gemfile": ""}  # fmt: skip
    assert "setup: bundle install" in commands(files)
    named = files | {"README.md": "```sh\nbundle install --jobs 4\n```\n"}
    assert "setup: bundle install" not in commands(named)


@pytest.mark.parametrize(
    "manifest",
    [{"pubspec.yaml": PUBSPEC}, {"package.json": '{"dependencies": {"react-native": "1"}}'}],
)
def test_the_project_of_a_platform_is_built_by_the_app_around_it(manifest: dict[str, str]) -> None:
    gradle = {"android/build.gradle": "", "android/settings.gradle": "include ':app'\n",
              "android/app/build.gradle": "plugins {\n    id 'com.android.application'\n}\n"}  # fmt: skip
    assert [it for it in commands({**manifest, **gradle}) if "gradle" in it] == []
    assert "build: cd android && gradle build" in commands(gradle)


def test_a_step_that_is_nothing_but_a_command_is_one_without_marks_of_code_too() -> None:
    steps = "- flutter build ipa\n- cargo publish --dry-run\n- Go build it\n- go test coverage of all\n- make it\n"
    files = {
        "README.md": f"## Publish\n\n{steps}",
        "pubspec.yaml": "name: a\n",
        "Cargo.toml": '[package]\nname = "a"\n',
    }
    told = [it for it in commands(files) if "ipa" in it or "publish" in it or "go" in it.split() or "make" in it]
    assert told == ["build: flutter build ipa", "release: cargo publish --dry-run"]


@pytest.mark.parametrize(
    ("plugin", "run"),
    [
        ("spring-boot-maven-plugin", ["run: mvn spring-boot:run"]),
        ("quarkus-maven-plugin", ["run: mvn quarkus:dev"]),
        ("jar", []),
    ],
)
def test_maven_runs_an_application_by_the_plugin_that_its_pom_names(plugin: str, run: list[str]) -> None:
    pom = f"<project><build><plugins><plugin><artifactId>{plugin}</artifactId></plugin></plugins></build></project>"
    assert [it for it in commands({"pom.xml": pom}) if it.startswith("run")] == run


def test_copies_of_releases_are_not_described() -> None:
    copies = {f"versions/{it}/thing/Makefile": "test:\n\ttrue\n" for it in ("2.0.0", "2.0.1-rc1", "v3.1.2.7")}
    assert commands({"Makefile": "lint:\n\ttrue\n", "python3.12/Makefile": "test:\n\ttrue\n", **copies}) == [
        "test: cd python3.12 && make test",
        "lint: make lint",
    ]


def test_the_programs_that_flutter_makes_for_each_platform_are_no_entry_points() -> None:
    files = {
        "app/pubspec.yaml": PUBSPEC,
        "app/lib/main.dart": "void main() {}\n",
        "app/linux/main.cc": "int main(int argc) {\n",
        "app/ios/Runner/AppDelegate.swift": "@main\n",
        "cli/main.cc": "int main(int argc) {\n",
    }
    assert texts(files, "entry") == ["cli/main.cc:1", "app/lib/main.dart:1"]


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        ({"Dockerfile.a": "FROM x\nENTRYPOINT java\nCMD -jar a.jar\n", "Dockerfile.b": "FROM y\nENTRYPOINT java\n"},
         ["Dockerfile.a:2"]),
        ({"Dockerfile": "FROM x AS one\nCMD one\nCMD two\nFROM y\nENTRYPOINT three\n"},
         ["Dockerfile:3", "Dockerfile:5"]),
        ({"build.gradle": "  mainClass = \"$name\"\n"}, []),
        ({"build.gradle": "  mainClass = 'a.StartKt'\n", "src/main/kotlin/a/Start.kt": "\n"},
         ["src/main/kotlin/a/Start.kt"]),
        ({"x/thing.gemspec": "Gem::Specification.new 'thing', version do |s|\nend\n", "x/lib/thing.rb": ""},
         ["x/lib/thing.rb"]),
        ({"a-b.gemspec": "  s.name = 'a-b'\n", "lib/a/b.rb": ""}, ["lib/a/b.rb"]),
        ({"other.gemspec": "  s.name = 'other'\n", "lib/thing.rb": ""}, []),
        ({"Dockerfile": "FROM x AS one\nENTRYPOINT [\"mv\", \"/a\", \"/b\"]\nFROM y\nCMD sleep infinity\n"}, []),
        ({"Cargo.toml": "[package]\nname = 'a'\nbuild = 'build/main.rs'\n", "build/main.rs": "fn main() {\n",
          "src/main.rs": "fn main() {\n"}, ["src/main.rs:1"]),
        ({"plugin/testing/broken/main.go": "func main() {\n", "example_app/main.go": "func main() {\n"}, []),
        ({"setup.py": "setup(entry_points={'console_scripts': ['a = a.main:run'],\n'a.plugins': ['b = a.b:run']})\n",
          "a/main.py": "def run():\n", "a/b.py": "def run():\n"}, ["a/main.py:1"]),
    ],
)  # fmt: skip
def test_an_entry_point_is_what_starts_and_comes_once(files: dict[str, str], entries: list[str]) -> None:
    assert texts(files, "entry") == entries


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("CONTRIBUTING.md", "Please take a moment to read this for a patch.\n\nPlease read our code of conduct.\n",
         []),
        ("CONTRIBUTING.md", "# Contributing\n\n## Set up\n\n- Ensure your Docker daemon is running\n- Use PHP 8\n", []),
        ("CONTRIBUTING.md", "# Contributing\n\n## Test\n\n- Run `make dev` to start the server\n- Run `make test`\n",
         ["Run make test"]),
        ("CONTRIBUTING.md", "# Contributing\n\n## Getting started\n\n- Use a branch for each pull request\n",
         ["Use a branch for each pull request"]),
        ("CONTRIBUTING.md", "# Contributing\n\n## Reviewing pull requests\n\n- Keep the review short\n", []),
        ("CONTRIBUTING.md", "# Contributing\n\n- Check issues labeled \"easy\".\n- Newcomers should start here\n",
         []),
        ("CONTRIBUTING.md", "Please add tests to a pull request.\n\n> Please add an example to a pull request.\n",
         ["Please add tests to a pull request."]),
        ("CONTRIBUTING.md", "# Contributing\n\n- **Mind it:** If the patch adds a feature, modify the tests.\n",
         ["Mind it: If the patch adds a feature, modify the tests."]),
        ("README.md", "## Contributing\n\nIf you want to help but don't have an idea, look at issues.\n",
         []),
        ("AGENTS.md", "- `test:unit` is a bare call of the runner\n- Missing values are NaN, never undefined\n"
         "- It has mandatory client certificates\n- Preserve those markers when editing\n- Signing is mandatory\n",
         ["Preserve those markers when editing", "Signing is mandatory"]),
        ("README.md", "## Contributing\n\nPlease fork it.\n\nRun `make test` before each pull request.\n",
         ["Run make test before each pull request."]),
        ("README.md", "## Releasing\n\n1. Update the changelog\n2. Run `make publish`\n", ["Update the changelog"]),
        ("CONTRIBUTING.md", "# Contributing\n\n- Fork it\n- Open a pull request\n- Add a test for it\n",
         ["Add a test for it"]),
        ("CONTRIBUTING.md", "# Contributing\n\n1. Create a new branch for your changes (e.g., `more`).\n"
         "2. Push your changes to your forked repository.\n"
         "3. Open a pull request to the `master` branch of the Depot repository.\n4. Push to `next` and add a test\n",
         ["Push to next and add a test"]),
        ("CONTRIBUTING.md", "Prior to submitting a pull request you must read this entire document.\n", []),
        ("CONTRIBUTING.md", "This step is to ensure that the code we merge is fine. (Just to make sure.)\n\n"
         "Please also note that each pull request is read.\n\nDon't be afraid to ask in a pull request.\n\n"
         "Please learn about commits.\n\nIf you find tests that fail on pull requests, please\n\n- look\n", []),
        ("CONTRIBUTING.md", "# Contributing\n\n- [Check your commit](#check-your-commit)\n- Write the code.\n"
         "- Create a branch on your fork and work on the feature.\n- Commit your change\n- Ensure tests pass.\n"
         "- Create a Pull Request against the `main` branch of Depot Web.\n", ["Ensure tests pass."]),
        ("CONTRIBUTING.md", "# Pull requests\n\nIf it needs to be in other branches, one of the team will ask you.\n\n"
         "It might require two to approve before merging.\n\nYou must add tests, or we will not merge it.\n",
         ["You must add tests, or we will not merge it."]),
        ("CLAUDE.md", "- A changed file is kept and never overwritten\n- Runs once (failures don't block it)\n"
         "- Never edit `a.py`\n", ["Never edit a.py"]),
        ("CONTRIBUTING.md", "When you feel at home, check out issues labeled hard.\n\n"
         "(d) I understand and agree that the contribution is public.\n\n"
         "DO NOT CREATE A PULL REQUEST WITHOUT READING THIS\n", []),
        ("RELEASING.md", "# Releasing\n\n- Create a pull request with all that\n",
         ["Create a pull request with all that"]),
        (".github/pull_request_template.md", "## Type of change\n\n- [ ] It adds a thing\n\n## Other\n\n"
         "- [ ] Bugfix (fixes an issue)\n- [ ] owner/repo-docs#1\n- [ ] I have added a test\n",
         ["I have added a test"]),
        ("CONTRIBUTING.md", "# Contributing\n\n- For example, 1.2 must become 1.3\n- Not every change needs an entry\n"
         "- NEVER DEVIATE FROM THEM.\n- You may add tests later.\n- They should be kind to your patch\n"
         "- Add a test too\n",
         ["Add a test too"]),
        ("CONTRIBUTING.md", "# Contributing\n\nTests are welcome because they:\n\n"
         "- ensure that your code never breaks\n",
         []),
        ("CONTRIBUTING.md", "# Contributing\n\n- Push your fork and open a pull request.\n"
         "- Create a branch for your work.\n"
         "- Push the branch to your fork.\n- Create your PR on the site.\n- Push to the branch `next` first.\n",
         ["Push to the branch next first."]),
        ("CONTRIBUTING.md", "It runs the linter before each commit.\n\n"
         "This command prepares your change before you commit.\n"
         "\nTo find work on commits, please check GitHub issues.\n\nPlease follow the steps of pull requests.\n"
         "\nThe pull request should automatically update.\n\nThus we can ensure that changes fit.\n", []),
        ("CONTRIBUTING.md", "# Contributing\n\n- Never push to e.g. Upstream before a review.\n"
         "- Write it as `git commit -m 'docs: Add it'` in a commit.\n- (It may be long.) Commits must be signed.\n"
         "- [Use **code: Add** it](#use-it)\n- Test helpers in `tests/`\n- Merge conflicts are usual\n",
         ["Never push to e.g. Upstream before a review.", "Write it as git commit -m 'docs: Add it' in a commit.",
          "Commits must be signed."]),
        ("README.md", "To ensure that you don't commit files that fail, you can install a hook for commits.\n", []),
        ("AGENTS.md", "- Use `<dialog>` for modals\n", ["Use <dialog> for modals"]),
        ("CONTRIBUTING.md", "# Pull requests\n\n- Please be considerate in pull requests.\n- Respect our decision.\n"
         "- Check the pull requests tab to ensure that the feature isn't already in progress.\n"
         "- Attempt to replicate the problem.\n- (Make sure you don't break anything!)\n- Add a test for it\n",
         ["Add a test for it"]),
        ("CONTRIBUTING.md", "# Contributing\n\nYou will also see how to ensure that a pull request is tested.\n\n"
         "- Run `make watch` in another terminal if you change assets\n- If you only need the server, run `make run`\n"
         "- Progress is always tracked in the pull request.\n", []),
        ("README.md", "## Publish\n\n- Open Windows in VMWare\n- open https://example.org/releases/new\n"
         "- Update the changelog\n- Open ~/app in an editor\n- Open a pull request with the new version\n",
         ["Update the changelog", "Open a pull request with the new version"]),
        ("README.md", "## Contribute\n\nAll are welcome. If you want to change much write an issue about\nit first.\n",
         ["If you want to change much write an issue about it first."]),
        ("CONTRIBUTING.md", "# Contributing\n\nFor larger features, start a discussion before you write code.\n\n"
         "File an issue if it fails.\n", ["For larger features, start a discussion before you write code."]),
        ("AGENTS.md", "- Tests are written with contexts (class A, `should` blocks)\n- Gems are never hard-deleted\n"
         "- But you should learn from it\n- Names must be short\n", ["Names must be short"]),
        ("MAINTAINERS.md", "# Teams\n\n- ensure that the login works\n", []),
        (".github/pull_request_template.md", "## Checklist\n\n- [ ] Make sure these boxes are checked first\n"
         "- [ ] Ask the reviewers for help\n- [ ] Tests are there\n", ["Tests are there"]),
        (".github/ISSUE_TEMPLATE/bug.md", "Please make sure that it is no known bug before you commit.\n", []),
    ],
)  # fmt: skip
def test_a_rule_is_no_invitation_no_preparation_and_no_example(name: str, text: str, rules: list[str]) -> None:
    assert [it.partition(": ")[2] for it in texts({name: text}, "rule")] == rules


def test_translations_and_forms_are_no_documents() -> None:
    files = {"README.md": "", "docs/README_BE.md": "", "README.zh-TW.md": "", ".github/ISSUE_TEMPLATE/bug.md": ""}
    assert texts(files, "document") == ["README.md"]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("# T\n\n## Sponsors\n\nA huge thanks to everyone who paid for it.\n", []),
        ("# T\n\n> All things, counted for everyone.\n\n## Getting started\n\nSee the official site of the thing.\n",
         ["All things, counted for everyone."]),
        ("# T\n\nSee the site for what it does and how.\n\n## About\n\nA tool that counts all things.\n",
         ["A tool that counts all things."]),
        ("# T\n\nNote: the main branch may be broken.\n\nManual · Support · Demo pages\n\nIt counts all things.\n",
         ["It counts all things."]),
        ("# T\n\nTo learn more about it, look at the site.\n\nT is licensed under the terms of others.\n\n"
         "Language: this one | that one\n\nClick is a thing that counts.\n", ["Click is a thing that counts."]),
        ("# The T Sample\n\n## Running it\n\nT is a shop. It sells all.\n\nMaven is a tool that builds all.\n",
         ["T is a shop. It sells all."]),
        ("# T\n\n[See what it is in slides](https://a.b)\n\n## A\n\n## B\n\nYou can make a thing.\n", []),
    ],
)  # fmt: skip
def test_what_a_repo_is_stands_under_no_heading_about_its_use(text: str, about: list[str]) -> None:
    assert texts({"README.md": text}, "about") == about
