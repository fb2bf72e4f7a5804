import { expect, test } from 'vitest';
import { resolvers } from './resolvers';

test('a taken scooter is a problem, not an error', async () => {
  const fleet = { unlock: async () => Promise.reject({ details: 'VEHICLE_TAKEN' }) };
  const result = await resolvers.Mutation.unlockScooter(null, { plate: 'RO-1' }, { fleet, rider: 'name' });
  expect(result).toEqual({ problem: 'VEHICLE_TAKEN' });
});
