"""What the snapshot says of repos of Elixir and .NET, whose manifests are code and lists of projects."""

from __future__ import annotations

import pytest

from supervisor.core.repo.commands import purpose_of
from supervisor.core.repo.manifests import read_manifest
from supervisor.domain.repo.facts import Dependency, Fact, Purpose, Script
from tests.core.repo.whole import commands, texts

MIX = """defmodule Depot.MixProject do
  use Mix.Project

  @version "2.1.0"

  def project do
    [
      app: :depot,
      version: @version,
      elixir: "~> 1.15",
      # app: :older,
      escript: [main_module: Depot.CLI],
      aliases: aliases(),
      deps: deps()
    ]
  end

  def application do
    [mod: {Depot.Application, []}, extra_applications: [:logger]]
  end

  defp deps do
    [
      {:phoenix, "~> 1.8.0"},
      {:floki, ">= 0.30.0", only: :test},
      {:credo, "~> 1.7", only: [:dev, :test], runtime: false},
      {:carrier, path: "../carrier"}
    ]
  end

  defp aliases do
    [
      setup: ["deps.get", "ecto.setup"],
      "assets.deploy": ["esbuild depot --minify", "phx.digest"],
      verify: ["compile --warnings-as-errors", "test"],
      lint: "credo --strict"
    ]
  end
end
"""


def test_a_mix_file_says_what_it_is_needs_and_runs() -> None:
    found = read_manifest("mix.exs", MIX.encode())
    assert (found.name, found.version) == ("depot", "2.1.0")
    assert found.facts == (
        Fact("elixir", "~> 1.15", 10),
        Fact("application", "Depot.Application", 19),
        Fact("main_module", "Depot.CLI", 12),
    )
    assert found.dependencies == (
        Dependency("phoenix", "~> 1.8.0", False, 24),
        Dependency("carrier", "", False, 27),
        Dependency("floki", ">= 0.30.0", True, 25),
        Dependency("credo", "~> 1.7", True, 26),
    )
    assert found.scripts == (
        Script("setup", "mix deps.get && mix ecto.setup", Purpose.SETUP, 33),
        Script("assets.deploy", "mix esbuild depot --minify && mix phx.digest", Purpose.BUILD, 34),
        Script("verify", "mix compile --warnings-as-errors && mix test", Purpose.TEST, 35),
        Script("lint", "mix credo --strict", Purpose.LINT, 36),
    )


@pytest.mark.parametrize("text", ["", "defp aliases do", "defp deps do\n  [", '@version "', "aliases: [", "mod: {"])
def test_a_mix_file_that_ends_early_says_little(text: str) -> None:
    found = read_manifest("mix.exs", text.encode())
    assert (found.name, found.version, found.scripts, found.dependencies) == ("", "", (), ())


def test_a_repo_of_elixir_brings_the_commands_of_mix_and_starts_in_its_modules() -> None:
    files = {
        "server/mix.exs": MIX,
        "server/lib/depot/application.ex": "defmodule Depot.Application do\n",
        "server/lib/depot/cli.ex": "defmodule Depot.CLI do\n",
        "server/test/depot_test.exs": "",
    }
    assert commands(files) == [
        "test: cd server && mix verify",
        "lint: cd server && mix lint",
        "build: cd server && mix assets.deploy",
        "run: cd server && mix phx.server",
        "setup: cd server && mix setup",
        "setup: cd server && mix deps.get",
    ]
    assert texts(files, "entry") == ["server/lib/depot/application.ex", "server/lib/depot/cli.ex"]
    bare = {"mix.exs": '  def project do\n    [app: :tiny, version: "1.0.0"]\n  end\n', "test/tiny_test.exs": ""}
    assert commands(bare) == ["test: mix test", "build: mix compile", "setup: mix deps.get"]
    assert texts(bare, "entry") == []


SOLUTION = """Microsoft Visual Studio Solution File, Format Version 12.00
Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Depot.Api", "src\\Depot.Api\\Depot.Api.csproj", "{2A}"
EndProject
Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Depot.Tests", "test\\Depot.Tests\\Depot.Tests.csproj", "{2B}"
EndProject
"""
API = '<Project Sdk="Microsoft.NET.Sdk.Web">\n  <PropertyGroup>\n  </PropertyGroup>\n</Project>\n'
TESTS = """<Project Sdk="Microsoft.NET.Sdk">
  <ItemGroup>
    <PackageReference Include="Microsoft.NET.Test.Sdk" Version="17.10.0" />
    <PackageReference Include="xunit" Version="2.9.0" />
  </ItemGroup>
</Project>
"""
TOOL = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType></PropertyGroup></Project>'


def test_a_solution_of_dotnet_is_built_and_tested_whole_and_its_only_program_runs() -> None:
    files = {
        "Depot.sln": SOLUTION,
        "src/Depot.Api/Depot.Api.csproj": API,
        "src/Depot.Api/Program.cs": "using Depot;\n\nvar builder = WebApplication.CreateBuilder(args);\n",
        "src/Depot.Core/Depot.Core.csproj": '<Project Sdk="Microsoft.NET.Sdk"></Project>',
        "test/Depot.Tests/Depot.Tests.csproj": TESTS,
    }
    assert commands(files) == [
        "test: dotnet test",
        "build: dotnet build",
        "run: dotnet run --project src/Depot.Api",
    ]
    assert texts(files, "entry") == ["src/Depot.Api/Program.cs:3"]
    listed = read_manifest("Depot.sln", SOLUTION.encode()).facts
    assert listed == (
        Fact("project", "src/Depot.Api/Depot.Api.csproj", 2),
        Fact("project", "test/Depot.Tests/Depot.Tests.csproj", 4),
    )
    newer = b'<Solution>\n  <Project Path="src/Depot.Api/Depot.Api.csproj" />\n</Solution>\n'
    assert read_manifest("Depot.slnx", newer).facts == (Fact("project", "src/Depot.Api/Depot.Api.csproj", 2),)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"Depot.sln": "", "Build.csproj": TOOL}, ["build: dotnet build Depot.sln", "run: dotnet run"]),
        ({"App.fsproj": TOOL}, ["build: dotnet build", "run: dotnet run"]),
        ({"app/App.vbproj": API}, ["build: cd app && dotnet build", "run: cd app && dotnet run"]),
        ({"a/A.csproj": TOOL, "b/B.csproj": TOOL}, []),
        ({"One.sln": "", "Two.slnx": ""}, []),
        ({"One.sln": "", "a/A.csproj": TOOL, "b/B.csproj": API}, ["build: dotnet build"]),
        ({"Some.sln": "", "T.Tests/T.Tests.csproj": TESTS}, ["test: dotnet test", "build: dotnet build"]),
    ],
)
def test_what_of_dotnet_is_not_sure_is_left_out(files: dict[str, str], said: list[str]) -> None:
    assert commands(files) == said


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("mise exec -- mix setup", "setup"),
        ("mix lint", "lint"),
        ("MIX_ENV=prod mix release", "build"),
        ("mix phx.new depot", None),
        ("mix hex.publish", "release"),
        ("mix new depot", None),
        ("go run ./cmd/admin create-user <user name> -admin", None),
        ("flutter run -d <device>", None),
        ("make test <in >out", "test"),
    ],
)
def test_a_command_with_a_blank_has_no_purpose_and_one_of_mix_has_that_of_its_name(
    command: str, purpose: str | None
) -> None:
    assert purpose_of(command) == purpose
