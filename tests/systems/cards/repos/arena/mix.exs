defmodule GambitArena.MixProject do
  use Mix.Project

  def project do
    [app: :gambit_arena, version: "3.2.0", elixir: "~> 1.16", deps: deps()]
  end

  def application, do: [mod: {GambitArena.Application, []}, extra_applications: [:logger]]

  defp deps do
    [{:phoenix, "~> 1.7.12"}, {:jason, "~> 1.4"}, {:bandit, "~> 1.5"}]
  end
end
