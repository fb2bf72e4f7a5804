-- What the worker reads and writes, too.
CREATE TABLE sales_orders (
    id             uuid PRIMARY KEY,
    order_number   text NOT NULL UNIQUE,
    status         text NOT NULL DEFAULT 'placed',
    currency       char(3) NOT NULL,
    total_cents    bigint NOT NULL,
    customer_email text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sales_order_lines (
    order_id         uuid REFERENCES sales_orders (id),
    sku              text NOT NULL,
    quantity         int NOT NULL,
    unit_price_cents bigint NOT NULL
);

CREATE TABLE cart_lines (session text, sku text, quantity int, PRIMARY KEY (session, sku));

CREATE TABLE invoice_runs (id serial PRIMARY KEY, order_id uuid, rendered_at timestamptz, pages int);
