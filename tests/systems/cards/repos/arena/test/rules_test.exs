defmodule GambitArena.RulesTest do
  use ExUnit.Case

  test "nobody plays out of turn" do
    assert {:error, "NOT_YOUR_TURN"} = GambitArena.Rules.play(%{turn: 1}, 2, "EMB-01")
  end
end
