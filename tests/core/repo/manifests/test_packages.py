"""Manifests of other languages yield what they declare, with the lines."""

from __future__ import annotations

import pytest

from supervisor.core.repo.manifests import read_manifest
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Purpose, Script

PACKAGE_JSON = """\
{
  "name": "tool",
  "bin": "cli.js",
  "exports": {"." : "./a.js", "./b": "./b.js"},
  "workspaces": {"packages": ["packages/*"]},
  "packageManager": "pnpm@9.1.0",
  "peerDependencies": {
    "react": ">=18"
  },
  "prettier": {},
  "jest": {}
}
"""

MONO_PACKAGE_JSON = """\
{
  "workspaces": ["apps/*", "libs/*"],
  "bin": {"one": "bin/one.js"},
  "type": "module"
}
"""

CARGO_TOML = """\
[workspace]
members = ["core", "cli"]

[workspace.dependencies]
tokio = "1"

[package]
name = "cli"
version = "0.2.0"
rust-version = "1.78"

[features]
tls = []

[[bin]]
name = "fw"
path = "src/fw.rs"

[dev-dependencies]
insta = "1.38"
"""

GO_WORK = """\
go 1.22

use (
	./api
	./worker
)

replace x.org/y => ../y
"""

POM_XML = """\
<project>
  <parent><artifactId>base</artifactId></parent>
  <artifactId>app</artifactId>
  <properties><java.version>21</java.version></properties>
  <modules><module>core</module><module>web</module></modules>
  <dependencies>
    <dependency>
      <groupId>org.x</groupId>
      <artifactId>lib</artifactId>
      <version>1.2</version>
    </dependency>
    <dependency>
      <groupId>org.y</groupId>
      <artifactId>other</artifactId>
    </dependency>
  </dependencies>
</project>
"""

APP_BUILD_GRADLE_KTS = """\
plugins {
    id("com.android.application")
    kotlin("jvm")
}
version = "2.4"
android {
    namespace = "org.lamp"
    minSdk = 26
}
application {
    mainClass.set("org.lamp.MainKt")
}
dependencies {
    implementation("com.squareup.okhttp3:okhttp:4.12.0")
    testImplementation("junit:junit:4.13")
    implementation(project(":core"))
}
tasks.register("seed") {
}
"""

SETTINGS_GRADLE = """\
rootProject.name = 'lamp'
include ':core'
task hello {
}
"""

PUBSPEC_YAML = """\
name: lamp
version: 1.4.0
environment:
  sdk: ^3.3.0
dependencies:
  http: ^1.2.0
  flutter:
    sdk: flutter
dev_dependencies:
  lints: ^3.0.0
"""

PACKAGE_SWIFT = """\
// swift-tools-version: 5.9
import PackageDescription
let package = Package(
    name: "Lamp",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.5.0"),
        .package(path: "../Core"),
    ],
    targets: [
        .executableTarget(name: "lamp"),
        .testTarget(name: "LampTests"),
    ]
)
"""

GEMFILE = """\
source "https://rubygems.org"
gem "rails", "~> 7.1"
gem 'puma'
"""

LAMP_GEMSPEC = """\
Gem::Specification.new do |spec|
  spec.name = "lamp"
  spec.version = "0.9"
  spec.add_dependency "rack", ">= 3"
  spec.add_development_dependency "rspec"
end
"""

COMPOSER_JSON = """\
{
  "name": "org/site",
  "version": "5.0",
  "scripts": {
    "test": "phpunit",
    "check": ["phpstan analyse", "phpcs"]
  },
  "require": {
    "php": ">=8.2"
  },
  "require-dev": {
    "phpunit/phpunit": "^11"
  }
}
"""

SRC_API_CSPROJ = """\
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Serilog" Version="4.0.0" />
    <PackageReference Include="Dapper" />
  </ItemGroup>
</Project>
"""


@pytest.mark.parametrize(
    ("text", "manifest"),
    [
        (
            PACKAGE_JSON,
            Manifest(
                "package.json",
                "npm",
                "tool",
                "",
                dependencies=(Dependency("react", ">=18", False, 8),),
                facts=(
                    Fact("packageManager", "pnpm@9.1.0", 6),
                    Fact("exports", ". ./b", 4),
                    Fact("bin", "tool = cli.js", 3),
                    Fact("workspace", "packages/*", 5),
                    Fact("tool", "jest", 11),
                    Fact("tool", "prettier", 10),
                ),
            ),
        ),
        (
            MONO_PACKAGE_JSON,
            Manifest(
                "mono/package.json",
                "npm",
                facts=(
                    Fact("type", "module", 4),
                    Fact("bin", "one = bin/one.js", 3),
                    Fact("workspace", "apps/*", 2),
                    Fact("workspace", "libs/*", 2),
                ),
            ),
        ),
        (
            CARGO_TOML,
            Manifest(
                "Cargo.toml",
                "cargo",
                "cli",
                "0.2.0",
                dependencies=(Dependency("tokio", "1", False, 5), Dependency("insta", "1.38", True, 20)),
                facts=(
                    Fact("rust", "1.78", 10),
                    Fact("workspace", "core", 2),
                    Fact("workspace", "cli", 2),
                    Fact("feature", "tls", 13),
                    Fact("bin", "fw = src/fw.rs", 16),
                ),
            ),
        ),
        (
            GO_WORK,
            Manifest(
                "go.work",
                "go",
                facts=(
                    Fact("go", "1.22", 1),
                    Fact("use", "./api", 4),
                    Fact("use", "./worker", 5),
                    Fact("replace", "x.org/y => ../y", 8),
                ),
            ),
        ),
        (
            POM_XML,
            Manifest(
                "pom.xml",
                "maven",
                "app",
                "",
                dependencies=(Dependency("org.x:lib", "1.2", False, 9), Dependency("org.y:other", "", False, 14)),
                facts=(
                    Fact("parent", "base", 2),
                    Fact("java.version", "21", 4),
                    Fact("module", "core", 5),
                    Fact("module", "web", 5),
                ),
            ),
        ),
        (
            APP_BUILD_GRADLE_KTS,
            Manifest(
                "app/build.gradle.kts",
                "gradle",
                "",
                "2.4",
                scripts=(Script("seed", "", None, 18),),
                dependencies=(
                    Dependency("com.squareup.okhttp3:okhttp", "4.12.0", False, 14),
                    Dependency(":core", "", False, 16),
                    Dependency("junit:junit", "4.13", True, 15),
                ),
                facts=(
                    Fact("plugin", "com.android.application", 2),
                    Fact("plugin", "jvm", 3),
                    Fact("namespace", "org.lamp", 7),
                    Fact("minSdk", "26", 8),
                    Fact("mainClass", "org.lamp.MainKt", 11),
                ),
            ),
        ),
        (
            SETTINGS_GRADLE,
            Manifest(
                "settings.gradle",
                "gradle",
                "lamp",
                "",
                scripts=(Script("hello", "", None, 3),),
                facts=(Fact("include", ":core", 2),),
            ),
        ),
        (
            PUBSPEC_YAML,
            Manifest(
                "pubspec.yaml",
                "pub",
                "lamp",
                "1.4.0",
                dependencies=(
                    Dependency("http", "^1.2.0", False, 6),
                    Dependency("flutter", "flutter", False, 8),
                    Dependency("lints", "^3.0.0", True, 10),
                ),
                facts=(Fact("sdk", "^3.3.0", 4),),
            ),
        ),
        (
            PACKAGE_SWIFT,
            Manifest(
                "Package.swift",
                "swift",
                "Lamp",
                "",
                dependencies=(Dependency("swift-log", 'from: "1.5.0"', False, 6), Dependency("Core", "", False, 7)),
                facts=(
                    Fact("swift-tools-version", "5.9", 1),
                    Fact("executableTarget", "lamp", 10),
                    Fact("testTarget", "LampTests", 11),
                ),
            ),
        ),
        (
            GEMFILE,
            Manifest(
                "Gemfile",
                "bundler",
                dependencies=(Dependency("rails", "~> 7.1", False, 2), Dependency("puma", "", False, 3)),
            ),
        ),
        (
            LAMP_GEMSPEC,
            Manifest(
                "lamp.gemspec",
                "gem",
                "lamp",
                "0.9",
                dependencies=(Dependency("rack", ">= 3", False, 4), Dependency("rspec", "", True, 5)),
            ),
        ),
        (
            COMPOSER_JSON,
            Manifest(
                "composer.json",
                "composer",
                "org/site",
                "5.0",
                scripts=(
                    Script("test", "phpunit", Purpose.TEST, 5),
                    Script("check", "phpstan analyse && phpcs", Purpose.TEST, 6),
                ),
                dependencies=(Dependency("php", ">=8.2", False, 9), Dependency("phpunit/phpunit", "^11", True, 12)),
            ),
        ),
        (
            SRC_API_CSPROJ,
            Manifest(
                "src/Api.csproj",
                "dotnet",
                "Api",
                "",
                dependencies=(Dependency("Serilog", "4.0.0", False, 6), Dependency("Dapper", "", False, 7)),
                facts=(Fact("sdk", "Microsoft.NET.Sdk.Web", 1), Fact("TargetFramework", "net8.0", 3)),
            ),
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Manifest) else "",
)
def test_a_manifest_gives_what_it_declares_and_where(text: str, manifest: Manifest) -> None:
    assert read_manifest(manifest.path, text.encode()) == manifest
