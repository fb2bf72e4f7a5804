import { CLAIM_TTL_SECONDS } from '../onboarding';

test('we wait ten minutes', () => {
  expect(CLAIM_TTL_SECONDS).toBe(600);
});

test('status and name are there', () => {
  expect({ id: '1', name: 'a', status: 'online' }).toHaveProperty('status', 'online');
});
