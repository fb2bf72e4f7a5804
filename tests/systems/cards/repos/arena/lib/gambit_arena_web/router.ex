defmodule GambitArenaWeb.Router do
  use Phoenix.Router
  import Plug.Conn

  pipeline :api do
    plug :accepts, ["json"]
  end

  scope "/api", GambitArenaWeb do
    pipe_through :api

    post "/sessions", SessionController, :create
    get "/players/:player_id/decks", DeckController, :index
    get "/cards/:card_code", CardController, :show
    get "/replays/:table_id", ReplayController, :show
  end

  scope "/", GambitArenaWeb do
    get "/health", HealthController, :show
    get "/status", HealthController, :status
  end
end
