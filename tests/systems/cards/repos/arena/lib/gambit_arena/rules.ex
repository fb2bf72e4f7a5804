defmodule GambitArena.Rules do
  @moduledoc "What may be done when. Pure."

  @turn_seconds 25
  @max_hand 7
  @max_chat_length 200

  def turn_seconds, do: @turn_seconds
  def max_hand, do: @max_hand
  def max_chat_length, do: @max_chat_length

  def play(%{turn: seat}, other, _card) when seat != other, do: {:error, "NOT_YOUR_TURN"}

  def play(table, seat, card) do
    hand = Map.fetch!(table.hands, seat)

    cond do
      card not in hand -> {:error, "CARD_NOT_IN_HAND"}
      table.mana[seat] < cost(card) -> {:error, "MANA_TOO_LOW"}
      true -> {:ok, put_in(table.hands[seat], List.delete(hand, card))}
    end
  end

  def cost(card), do: rem(:erlang.phash2(card), 6)
end
