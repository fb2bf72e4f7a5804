"""A command is classified by its first words, whatever runs it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.commands import purpose_of, purpose_of_name, shell_lines
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
        ("", None),
    ],
)
def test_a_command_is_known_by_its_first_words(command: str, purpose: Purpose | None) -> None:
    assert purpose_of(command) is purpose


@given(text=st.text(max_size=200))
def test_any_text_may_be_searched_for_its_purpose(text: str) -> None:
    assert {purpose_of(text), purpose_of_name(text)} <= {None, *Purpose}


def test_lines_of_a_shell_are_joined_and_stripped_of_prompts_and_comments() -> None:
    text = "make all   # first\n\n# no\npytest \\\n  -q \\\n  tests\nls \\"
    assert list(shell_lines(text, 5)) == [("make all", 5), ("pytest -q tests", 8), ("ls \\", 11)]


def test_of_a_transcript_only_the_prompted_lines_count() -> None:
    assert list(shell_lines("$ make test\n12 passed\n> more\n", 1)) == [("make test", 1), ("more", 3)]
