import { expect, test } from 'vitest';
import { MAX_CART_LINES, PAGE_SIZE } from './limits';

test('limits', () => {
  expect(MAX_CART_LINES).toBe(50);
  expect(PAGE_SIZE).toBe(24);
  expect({ name: 'cart', status: 'placed', id: 'x' }).toBeTruthy();
});
