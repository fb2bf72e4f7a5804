"""A command is classified by its first words, whatever runs it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.commands import purpose_of, purpose_of_name
from supervisor.core.repo.places import shell_lines
from supervisor.domain.repo.facts import Purpose


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("PYTHONPATH=. python -m pytest tests", Purpose.TEST),
        ("cd web && npm run build", Purpose.BUILD),
        ("./gradlew :app:testDebugUnitTest", Purpose.TEST),
        ("cargo +nightly clippy", Purpose.LINT),
        ("uv run --frozen mypy .", Purpose.LINT),
        ("coverage run -m pytest", Purpose.TEST),
        ("docker compose up -d", Purpose.RUN),
        ("pre-commit install", Purpose.SETUP),
        ("idf.py build flash", Purpose.BUILD),
        ("flutter analyze", Purpose.LINT),
        ("npm ci", Purpose.SETUP),
        ("./scripts/format.sh", Purpose.FORMAT),
        ("twine upload dist/*", Purpose.RELEASE),
        ("git commit -m test", None),
        ("echo make test", None),
        ("time env X=1 make", Purpose.BUILD),
        ("make all clean", Purpose.BUILD),
        ("just fmt", Purpose.FORMAT),
        ("task", None),
        ("npm run", None),
        ("yarn", Purpose.SETUP),
        ("pnpm dev", Purpose.RUN),
        ("npx eslint .", Purpose.LINT),
        ("mvn -B verify", Purpose.TEST),
        ("./gradlew", None),
        ("go vet ./...", Purpose.LINT),
        ("cargo", None),
        ("terraform apply", Purpose.RELEASE),
        ("docker build .", Purpose.BUILD),
        ("ruff check --fix .", Purpose.LINT),
        ("poetry run pytest", Purpose.TEST),
        ("poetry build", Purpose.BUILD),
        ("pipx run build", None),
        ("uv pip install -e .", Purpose.SETUP),
        ("uv run python -m unittest", Purpose.TEST),
        ("python3 -m build", Purpose.BUILD),
        ("python -m unittest -q", Purpose.TEST),
        ("python -W error -m doctest a.py", Purpose.TEST),
        ("python -m venv .venv", Purpose.SETUP),
        ("python -m pip install -e .", Purpose.SETUP),
        ("python -m black .", Purpose.FORMAT),
        ("python -m http.server", Purpose.RUN),
        ("python setup.py install", Purpose.SETUP),
        ("python setup.py", None),
        ("python manage.py test", Purpose.TEST),
        ("python manage.py", None),
        ("python scripts/lint.py", Purpose.LINT),
        ("python serve.py", Purpose.RUN),
        ("python", None),
        ("node server.js", Purpose.RUN),
        ("ruby app.rb", Purpose.RUN),
        ("bash scripts/test.sh", Purpose.TEST),
        ("bash x.sh", None),
        ("scripts/release", Purpose.RELEASE),
        ("docker buildx inspect x", None),
        ("docker buildx build .", Purpose.BUILD),
        ('ruby -e "puts 1"', None),
        ("python -c 'import x'", None),
        ("go get -u ./...", None),
        ("go run x.org/tool@latest install", None),
        ("flutter pub get", Purpose.SETUP),
        ("flutter pub run slang", None),
        ("dart run build_runner build", Purpose.BUILD),
        ("dart run tool/x.dart", Purpose.RUN),
        ("npm install express", None),
        ("npm install", Purpose.SETUP),
        ("cargo install --path .", Purpose.BUILD),
        ("cargo install thing", None),
        ("xcodebuild test -scheme A", Purpose.TEST),
        ("xcodebuild -resolvePackageDependencies", Purpose.SETUP),
        ("xcodebuild -scheme A", Purpose.BUILD),
        ("git submodule update --init", Purpose.SETUP),
        ("./vendor/bin/php-cs-fixer fix", Purpose.FORMAT),
        ("php ./vendor/bin/paratest", Purpose.TEST),
        ("php bin/console app:dump", None),
        ("php artisan serve", Purpose.RUN),
        ("./run test", Purpose.TEST),
        ("./run", Purpose.RUN),
        ("V=$(python3 scripts/version.py)", None),
        ("python tools/check_all_links.py", Purpose.RUN),
        ("", None),
    ],
)
def test_a_command_is_known_by_its_first_words(command: str, purpose: Purpose | None) -> None:
    assert purpose_of(command) is purpose


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("run-tests", Purpose.TEST),
        ("downloadSpec", None),
        ("testsJar", None),
        ("fatJar", None),
        ("docker-image", Purpose.BUILD),
        ("lint-staged:setup:1", Purpose.SETUP),
        ("postinstall", None),
        ("post-install-cmd", None),
        ("check", Purpose.TEST),
        ("format-check", Purpose.FORMAT),
        ("check-links", Purpose.LINT),
        ("version", None),
        ("build-deps-ubuntu", Purpose.SETUP),
        ("version-packages", Purpose.RELEASE),
        ("prep-toy-test", None),
    ],
)
def test_a_name_says_what_a_script_is_for(name: str, purpose: Purpose | None) -> None:
    assert purpose_of_name(name) is purpose


@given(text=st.text(max_size=200))
def test_any_text_may_be_searched_for_its_purpose(text: str) -> None:
    assert {purpose_of(text), purpose_of_name(text)} <= {None, *Purpose}


def test_lines_of_a_shell_are_joined_and_stripped_of_prompts_and_comments() -> None:
    text = "make all   # first\n\n# no\npytest \\\n  -q \\\n  tests\nls \\"
    assert list(shell_lines(text, 5)) == [("make all", 5), ("pytest -q tests", 8), ("ls \\", 11)]


def test_of_a_transcript_only_the_prompted_lines_count() -> None:
    assert list(shell_lines("$ make test\n12 passed\n> more\n", 1)) == [("make test", 1), ("more", 3)]
