// Package events tells the other services what happened.
package events

import (
	"context"
	"encoding/json"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	Exchange       = "kestrel.orders"
	OrderPlaced    = "order.placed"
	OrderCancelled = "order.cancelled"
)

// Bus is one channel to the broker.
type Bus struct{ channel *amqp.Channel }

// Dial connects and declares the exchange.
func Dial(url string) (*Bus, error) {
	connection, err := amqp.Dial(url)
	if err != nil {
		return nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		return nil, err
	}
	return &Bus{channel}, channel.ExchangeDeclare(Exchange, "topic", true, false, false, false, nil)
}

// Publish sends one event; the schema is schemas/order_event.json.
func (b *Bus) Publish(ctx context.Context, key string, order any) error {
	body, _ := json.Marshal(order)
	return b.channel.PublishWithContext(ctx, Exchange, key, false, false, amqp.Publishing{
		ContentType: "application/json",
		Headers:     amqp.Table{"x-schema-version": "3"},
		Body:        body,
	})
}
