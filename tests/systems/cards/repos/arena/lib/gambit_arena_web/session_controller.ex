defmodule GambitArenaWeb.SessionController do
  use Phoenix.Controller, formats: [:json]
  import Plug.Conn

  def create(conn, %{"device_key" => key}) do
    conn = fetch_cookies(conn)

    case get_req_header(conn, "x-gambit-bot") do
      [secret] -> bot(conn, secret)
      [] -> json(conn, %{"player_token" => GambitArena.Accounts.token(key)})
    end
  end

  defp bot(conn, secret) do
    if Plug.Crypto.secure_compare(secret, Application.get_env(:gambit_arena, :bot_secret)) do
      json(conn, %{"player_token" => GambitArena.Accounts.bot_token(), "bot_rating" => 1200})
    else
      conn |> put_status(403) |> json(%{"reason" => "BOT_SECRET_WRONG"})
    end
  end
end
