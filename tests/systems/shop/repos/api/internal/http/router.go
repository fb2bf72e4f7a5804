package http

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/kestrel-shop/api/internal/events"
	"github.com/kestrel-shop/api/internal/store"
)

// Server holds what the handlers need.
type Server struct {
	db    *store.Store
	bus   *events.Bus
	token string
	log   *slog.Logger
}

// Router wires the public API under /api/v2 and what only our own services may call under /internal.
func Router(db *store.Store, bus *events.Bus, token string, log *slog.Logger) http.Handler {
	s := &Server{db: db, bus: bus, token: token, log: log}
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Recoverer)
	r.Get("/health", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) })
	r.Route("/api/v2", func(r chi.Router) {
		r.Get("/products", s.listProducts)
		r.Get("/products/{sku}", s.readProduct)
		r.Get("/cart", s.readCart)
		r.Put("/cart/items/{sku}", s.putCartItem)
		r.Post("/checkout", s.checkout)
		r.Get("/orders/{orderID}", s.readOrder)
		r.Post("/orders/{orderID}/cancel", s.cancelOrder)
	})
	r.Group(func(r chi.Router) {
		r.Use(s.internalOnly)
		r.Post("/internal/orders/{orderID}/invoice", s.attachInvoice)
	})
	return r
}

func (s *Server) internalOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Kestrel-Internal") != s.token {
			fail(w, http.StatusForbidden, "forbidden")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code}})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(value)
}
