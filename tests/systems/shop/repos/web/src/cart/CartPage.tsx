import React from 'react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { cart, checkout, putItem, ShopError } from '../api/client';
import { useFlag } from '../flags';
import { MAX_CART_LINES } from './limits';

const TEXT: Record<string, string> = {
  out_of_stock: 'Someone was faster. We took it out of your cart.',
  coupon_expired: 'This coupon is over.',
  cart_version_mismatch: 'Your cart changed in another tab.',
  cart_full: 'Your cart is full.',
  network: 'Please check your connection.',
};

export function CartPage() {
  const { data, refetch } = useQuery({ queryKey: ['cart'], queryFn: cart });
  const express = useFlag('express-checkout');
  const pay = useMutation({ mutationFn: () => checkout(undefined, 'DE') });
  if (!data) return null;
  const problem = pay.error instanceof ShopError ? TEXT[pay.error.code] ?? pay.error.code : undefined;
  return (
    <main id="cart" aria-label="Cart">
      {problem && <p role="alert">{problem}</p>}
      {data.items.map((item) => (
        <li key={item.sku}>
          {item.sku} × {item.quantity}: {(item.unit_price_cents / 100).toFixed(2)}
          <button onClick={() => putItem(item.sku, 0, data.cart_version).then(() => refetch())}>Remove</button>
        </li>
      ))}
      <button disabled={data.items.length > MAX_CART_LINES} onClick={() => pay.mutate()}>
        {express && data.express_available ? 'Buy now' : 'Checkout'}
      </button>
    </main>
  );
}
