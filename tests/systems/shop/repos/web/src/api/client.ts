import { readCookie } from '../cookies';

const ROOT = '/api/v2';

export class ShopError extends Error {
  constructor(readonly code: string, readonly status: number) {
    super(code);
    this.name = 'ShopError';
  }
}

export interface CartItem {
  sku: string;
  quantity: number;
  unit_price_cents: number;
}

export interface Cart {
  items: CartItem[];
  cart_version: number;
  express_available: boolean;
}

export interface Order {
  id: string;
  order_number: string;
  status: string;
  currency: string;
  total_cents: number;
  invoice_url?: string;
}

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(ROOT + path, {
    credentials: 'include',
    ...init,
    headers: { 'Content-Type': 'application/json', ...init.headers },
  });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new ShopError(body.error?.code ?? 'unknown', response.status);
  }
  return response.json();
}

export const products = (category: string) => request(`/products?category=${encodeURIComponent(category)}`);
export const product = (sku: string) => request(`/products/${sku}`);
export const cart = () => request<Cart>('/cart');

export const putItem = (sku: string, quantity: number, cart_version: number) =>
  request<Cart>(`/cart/items/${sku}`, { method: 'PUT', body: JSON.stringify({ quantity, cart_version }) });

export const order = (id: string) => request<Order>(`/orders/${id}`);
export const cancel = (id: string) => request<Order>(`/orders/${id}/cancel`, { method: 'POST' });

export function checkout(couponCode: string | undefined, country: string): Promise<Order> {
  return request<Order>('/checkout', {
    method: 'POST',
    headers: { 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ coupon_code: couponCode, shipping_country: country }),
  });
}

export const signedIn = () => readCookie('kestrel_sid') !== undefined;
