import { MIN_CHARGE_PERCENT } from './fleet';

const PROBLEMS = ['VEHICLE_UNKNOWN', 'VEHICLE_TAKEN', 'CHARGE_TOO_LOW'];

export const resolvers = {
  Query: {
    nearbyScooters: async (_: unknown, args: any, { fleet }: any) => {
      const { vehicles } = await fleet.nearby(args.latitude, args.longitude, args.radiusMeters);
      return vehicles
        .filter((it: any) => it.chargePercent >= MIN_CHARGE_PERCENT)
        .map((it: any) => ({ ...it, position: { latitude: it.latitude, longitude: it.longitude } }));
    },
  },
  Mutation: {
    unlockScooter: async (_: unknown, { plate }: any, { fleet, rider }: any) => {
      try {
        const { rideId } = await fleet.unlock(plate, rider);
        return { ride: { rideId, plate, startedAt: new Date().toISOString() } };
      } catch (error: any) {
        if (PROBLEMS.includes(error.details)) return { problem: error.details };
        throw error;
      }
    },
    endRide: async (_: unknown, { rideId }: any, { fleet }: any) => fleet.end(rideId),
  },
};
