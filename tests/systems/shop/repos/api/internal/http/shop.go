package http

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/kestrel-shop/api/internal/flags"
	"github.com/kestrel-shop/api/internal/store"
)

// MaxCartLines is how many different products a cart can hold.
const MaxCartLines = 40

const sessionCookie = "kestrel_sid"

type cartItem struct {
	Sku            string `json:"sku"`
	Quantity       int    `json:"quantity"`
	UnitPriceCents int64  `json:"unit_price_cents"`
}

type cart struct {
	Items       []cartItem `json:"items"`
	CartVersion int        `json:"cart_version"`
	Express     bool       `json:"express_available"`
}

func (s *Server) session(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *Server) currency(r *http.Request) string {
	if cookie, err := r.Cookie("kestrel_currency"); err == nil {
		return cookie.Value
	}
	return "EUR"
}

func (s *Server) listProducts(w http.ResponseWriter, r *http.Request) {
	answer(w, s.db.Products(r.URL.Query().Get("category"), s.currency(r)))
}

func (s *Server) readProduct(w http.ResponseWriter, r *http.Request) {
	product, err := s.db.Product(chi.URLParam(r, "sku"))
	if errors.Is(err, store.ErrNone) {
		fail(w, http.StatusNotFound, "not_found")
		return
	}
	answer(w, product)
}

func (s *Server) readCart(w http.ResponseWriter, r *http.Request) {
	lines, version := s.db.Cart(s.session(r))
	items := make([]cartItem, 0, len(lines))
	for _, line := range lines {
		items = append(items, cartItem{line.Sku, line.Quantity, line.UnitPriceCents})
	}
	answer(w, cart{Items: items, CartVersion: version, Express: flags.On("express-checkout")})
}

func (s *Server) putCartItem(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Quantity    int `json:"quantity"`
		CartVersion int `json:"cart_version"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, "bad_request")
		return
	}
	lines, version := s.db.Cart(s.session(r))
	switch {
	case version != body.CartVersion:
		fail(w, http.StatusConflict, "cart_version_mismatch")
	case len(lines) >= MaxCartLines:
		fail(w, http.StatusUnprocessableEntity, "cart_full")
	default:
		s.db.PutLine(s.session(r), chi.URLParam(r, "sku"), body.Quantity)
		s.readCart(w, r)
	}
}
