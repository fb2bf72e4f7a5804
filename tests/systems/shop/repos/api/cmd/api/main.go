package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/kestrel-shop/api/internal/events"
	kestrel "github.com/kestrel-shop/api/internal/http"
	"github.com/kestrel-shop/api/internal/store"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	db := store.Open(os.Getenv("KESTREL_DATABASE_URL"))
	bus, err := events.Dial(os.Getenv("KESTREL_AMQP_URL"))
	if err != nil {
		log.Error("no broker", "error", err, "name", "api", "status", "down")
		os.Exit(1)
	}
	token := os.Getenv("KESTREL_INTERNAL_TOKEN")
	if os.Getenv("LOG_LEVEL") == "debug" {
		log.Debug("starting")
	}
	log.Info("listening", "port", 8087)
	if err := http.ListenAndServe(":8087", kestrel.Router(db, bus, token, log)); err != nil {
		log.Error("stopped", "error", err)
	}
}
