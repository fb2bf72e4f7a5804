"""Files that say how to build and run a repo yield their targets, with the lines."""

from __future__ import annotations

import pytest

from supervisor.core.repo.manifests import read_manifest
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Purpose, Script

MAKEFILE = """\
build/app: src
	cc
all: build/app
deploy:
next:
	make x
"""

JUSTFILE = """\
set shell := ["bash", "-c"]
# runs them all
test filter="":
    @pytest -q {{filter}}
alias t := test
deploy:

lint: test
    echo linting
    ruff check .
"""

TASKFILE_YML = """\
version: '3'
tasks:
  build:
    cmds:
      - go build ./...
  lint: golangci-lint run
  all:
    - task: build
  gen:
    cmds:
      - cmd: go generate ./...
"""

CMAKELISTS_TXT = """\
cmake_minimum_required(VERSION 3.20)
project(firmware VERSION 1.2.3 LANGUAGES C)
find_package(ZLIB 1.2 REQUIRED)
FetchContent_Declare(unity)
add_executable(fw main.c)
add_library(core core.c)
add_test(NAME t COMMAND fw)
message("no matter")
"""

PLATFORMIO_INI = """\
; the board
[platformio]
default_envs = esp
[env:esp]
platform = espressif32
board = esp32dev
framework = arduino
lib_deps =
    bblanchon/ArduinoJson@^7
    knolleary/PubSubClient
# a comment
build_flags =
"""

DOCKERFILE = """\
FROM node:20 AS build
WORKDIR /app
USER node
CMD ["node", "server.js"]
"""

DOCKER_COMPOSE_DEV_YML = """\
services:
  api:
    build:
      context: ./api
    depends_on: [db]
    ports:
      - target: 80
        published: 8080
  web:
    build: {}
    depends_on:
      api: {condition: service_started}
  db:
    image: postgres:16
"""

NVMRC = """\
20
"""

TOOL_VERSIONS = """\
# ours
nodejs 20.11.0
python 3.12 3.11
"""


@pytest.mark.parametrize(
    ("text", "manifest"),
    [
        (
            MAKEFILE,
            Manifest(
                "Makefile",
                "make",
                scripts=(
                    Script("all", "", Purpose.BUILD, 3),
                    Script("deploy", "", Purpose.RELEASE, 4),
                    Script("next", "make x", None, 5),
                ),
            ),
        ),
        (
            JUSTFILE,
            Manifest(
                "justfile",
                "just",
                scripts=(
                    Script("test", "pytest -q {{filter}}", Purpose.TEST, 3),
                    Script("deploy", "", Purpose.RELEASE, 6),
                    Script("lint", "ruff check .", Purpose.LINT, 8),
                ),
            ),
        ),
        (
            TASKFILE_YML,
            Manifest(
                "Taskfile.yml",
                "task",
                scripts=(
                    Script("build", "go build ./...", Purpose.BUILD, 3),
                    Script("lint", "golangci-lint run", Purpose.LINT, 5),
                    Script("all", "", Purpose.BUILD, 7),
                    Script("gen", "go generate ./...", Purpose.BUILD, 9),
                ),
            ),
        ),
        (
            CMAKELISTS_TXT,
            Manifest(
                "CMakeLists.txt",
                "cmake",
                "firmware",
                "1.2.3",
                dependencies=(Dependency("ZLIB", "1.2", False, 3), Dependency("unity", "", False, 4)),
                facts=(
                    Fact("cmake", "3.20", 1),
                    Fact("executable", "fw", 5),
                    Fact("library", "core", 6),
                    Fact("test", "t", 7),
                ),
            ),
        ),
        (
            PLATFORMIO_INI,
            Manifest(
                "platformio.ini",
                "platformio",
                dependencies=(
                    Dependency("bblanchon/ArduinoJson", "^7", False, 9),
                    Dependency("knolleary/PubSubClient", "", False, 10),
                ),
                facts=(
                    Fact("environment", "esp", 4),
                    Fact("platform", "espressif32", 5),
                    Fact("board", "esp32dev", 6),
                    Fact("framework", "arduino", 7),
                ),
            ),
        ),
        (
            DOCKERFILE,
            Manifest(
                "Dockerfile",
                "docker",
                facts=(
                    Fact("from", "node:20 AS build", 1),
                    Fact("workdir", "/app", 2),
                    Fact("user", "node", 3),
                    Fact("cmd", '["node", "server.js"]', 4),
                ),
            ),
        ),
        (
            DOCKER_COMPOSE_DEV_YML,
            Manifest(
                "docker-compose.dev.yml",
                "compose",
                facts=(
                    Fact("service", "api, build ./api, ports 8080, after db", 2),
                    Fact("service", "web, build ., after api", 9),
                    Fact("service", "db, image postgres:16", 13),
                ),
            ),
        ),
        (NVMRC, Manifest(".nvmrc", "node", facts=(Fact("node", "20", 1),))),
        (
            TOOL_VERSIONS,
            Manifest(".tool-versions", "asdf", facts=(Fact("nodejs", "20.11.0", 2), Fact("python", "3.12 3.11", 3))),
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Manifest) else "",
)
def test_a_manifest_gives_what_it_declares_and_where(text: str, manifest: Manifest) -> None:
    assert read_manifest(manifest.path, text.encode()) == manifest
