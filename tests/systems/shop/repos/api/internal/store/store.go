package store

import (
	"database/sql"
	"errors"
)

// ErrNone says that there is no such row.
var ErrNone = errors.New("none")

type Store struct{ db *sql.DB }

type Line struct {
	Sku            string
	Quantity       int
	UnitPriceCents int64
}

// Order is a row of sales_orders, as it goes over the wire and into events.
type Order struct {
	ID              string `json:"id"`
	OrderNumber     string `json:"order_number"`
	Status          string `json:"status"`
	Currency        string `json:"currency"`
	TotalCents      int64  `json:"total_cents"`
	CustomerEmail   string `json:"customer_email"`
	ShippingCountry string `json:"shipping_country"`
	InvoiceURL      string `json:"invoice_url,omitempty"`
}

func Open(url string) *Store {
	db, err := sql.Open("pgx", url)
	if err != nil {
		panic(err)
	}
	return &Store{db}
}

func (s *Store) Order(id string) (o Order) {
	row := s.db.QueryRow(`SELECT id, order_number, status, total_cents FROM sales_orders WHERE id = $1`, id)
	row.Scan(&o.ID, &o.OrderNumber, &o.Status, &o.TotalCents)
	return o
}

func (s *Store) Cancel(id string) Order {
	s.db.Exec(`UPDATE sales_orders SET status = 'cancelled' WHERE id = $1`, id)
	return s.Order(id)
}

func (s *Store) Attach(id, number, url string) {
	s.db.Exec(`UPDATE sales_orders SET invoice_url = $2 WHERE id = $1`, id, url)
}

func (s *Store) PutLine(session, sku string, quantity int) {
	s.db.Exec(`INSERT INTO cart_lines (session, sku, quantity) VALUES ($1, $2, $3)`, session, sku, quantity)
}
