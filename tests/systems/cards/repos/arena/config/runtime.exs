import Config

config :gambit_arena, GambitArenaWeb.Endpoint,
  http: [port: 4190],
  secret_key_base: System.get_env("SECRET_KEY_BASE") || "dev",
  check_origin: false

config :gambit_arena,
  bot_secret: System.get_env("GAMBIT_BOT_SECRET"),
  season: System.get_env("GAMBIT_SEASON", "4")

config :logger, level: :info
