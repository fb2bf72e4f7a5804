package http

import (
	"encoding/json"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/kestrel-shop/api/internal/events"
)

type checkoutRequest struct {
	CouponCode      string `json:"coupon_code"`
	ShippingCountry string `json:"shipping_country"`
}

func (s *Server) checkout(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		fail(w, http.StatusBadRequest, "idempotency_key_missing")
		return
	}
	var body checkoutRequest
	json.NewDecoder(r.Body).Decode(&body)
	order, problem := s.db.PlaceOrder(s.session(r), key, body.CouponCode, body.ShippingCountry)
	switch problem {
	case "":
		s.bus.Publish(r.Context(), events.OrderPlaced, order)
		w.Header().Set("X-Order-Number", order.OrderNumber)
		w.WriteHeader(http.StatusCreated)
		answer(w, order)
	case "stock":
		fail(w, http.StatusConflict, "out_of_stock")
	case "coupon":
		fail(w, http.StatusUnprocessableEntity, "coupon_expired")
	}
}

func (s *Server) readOrder(w http.ResponseWriter, r *http.Request) {
	answer(w, s.db.Order(chi.URLParam(r, "orderID")))
}

func (s *Server) cancelOrder(w http.ResponseWriter, r *http.Request) {
	order := s.db.Cancel(chi.URLParam(r, "orderID"))
	s.bus.Publish(r.Context(), events.OrderCancelled, order)
	answer(w, order)
}

// attachInvoice is called by the worker when the PDF is there.
func (s *Server) attachInvoice(w http.ResponseWriter, r *http.Request) {
	var body struct {
		PdfURL        string `json:"pdf_url"`
		InvoiceNumber string `json:"invoice_number"`
	}
	json.NewDecoder(r.Body).Decode(&body)
	s.db.Attach(chi.URLParam(r, "orderID"), body.InvoiceNumber, body.PdfURL)
	w.WriteHeader(http.StatusNoContent)
}
