defmodule GambitArenaWeb.UserSocket do
  use Phoenix.Socket

  channel "table:*", GambitArenaWeb.TableChannel
  channel "lobby", GambitArenaWeb.LobbyChannel

  @impl true
  def connect(%{"player_token" => token} = params, socket, _info) do
    case GambitArena.Accounts.verify(token) do
      {:ok, player} -> {:ok, assign(socket, player: player, protocol: params["protocol_version"])}
      :error -> :error
    end
  end

  def connect(_params, _socket, _info), do: :error

  @impl true
  def id(socket), do: "players:#{socket.assigns.player.id}"
end
