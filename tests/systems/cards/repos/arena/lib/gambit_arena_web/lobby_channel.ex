defmodule GambitArenaWeb.LobbyChannel do
  use Phoenix.Channel

  alias GambitArena.Queue

  @impl true
  def join("lobby", _params, socket), do: {:ok, socket}

  @impl true
  def handle_in("queue:enter", %{"deck_code" => deck} = params, socket) do
    if Queue.legal?(deck) do
      Queue.enter(socket.assigns.player, deck, ranked: params["ranked"] == true)
      {:reply, :ok, socket}
    else
      {:reply, {:error, %{"reason" => "DECK_ILLEGAL"}}, socket}
    end
  end

  def handle_in("queue:leave", _params, socket) do
    Queue.leave(socket.assigns.player)
    {:reply, :ok, socket}
  end

  def matched(player, table) do
    GambitArenaWeb.Endpoint.broadcast("players:#{player.id}", "queue:matched", %{"table_id" => table})
  end
end
