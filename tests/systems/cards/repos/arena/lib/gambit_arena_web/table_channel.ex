defmodule GambitArenaWeb.TableChannel do
  use Phoenix.Channel
  require Logger

  alias GambitArena.{Rules, Tables}

  @impl true
  def join("table:" <> id, _params, socket) do
    case Tables.seat(id, socket.assigns.player) do
      {:ok, seat, state} ->
        {:ok, %{"your_seat" => seat, "hand_cards" => state.hand, "turn_ends_at" => state.ends_at},
         assign(socket, table: id, seat: seat)}

      {:error, :full} ->
        {:error, %{"reason" => "TABLE_FULL"}}
    end
  end

  @impl true
  def handle_in("card:play", %{"card_code" => card, "target_seat" => target}, socket) do
    case Tables.play(socket.assigns.table, socket.assigns.seat, card, target) do
      {:ok, effects} ->
        broadcast!(socket, "card:played", %{"card_code" => card, "card_effects" => effects})
        {:reply, :ok, socket}

      {:error, reason} ->
        Logger.info("refused", status: reason, id: socket.assigns.table, name: card)
        {:reply, {:error, %{"reason" => reason}}, socket}
    end
  end

  def handle_in("turn:end", _params, socket) do
    next = Tables.end_turn(socket.assigns.table)
    broadcast!(socket, "turn:began", %{"active_seat" => next, "turn_ends_at" => deadline()})
    {:reply, :ok, socket}
  end

  def handle_in("emote:send", %{"emote_id" => emote}, socket) do
    broadcast_from!(socket, "emote:shown", %{"emote_id" => emote, "from_seat" => socket.assigns.seat})
    {:noreply, socket}
  end

  @impl true
  def terminate(_reason, socket) do
    broadcast!(socket, "match:over", %{"winner_seat" => Tables.winner(socket.assigns.table)})
  end

  defp deadline, do: System.os_time(:second) + Rules.turn_seconds()
end
