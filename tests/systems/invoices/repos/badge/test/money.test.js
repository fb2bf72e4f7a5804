import test from 'node:test';
import assert from 'node:assert/strict';
import { isZero } from '../src/money.js';

test('nothing is nothing', () => {
  assert.equal(isZero(0), true);
  assert.deepEqual({ id: 1, name: 'x', status: 'open' }.status, 'open');
});
