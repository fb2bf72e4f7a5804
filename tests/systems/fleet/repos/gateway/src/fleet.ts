import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const ADDRESS = `${process.env.ROLLO_FLEET_HOST ?? 'localhost'}:${process.env.ROLLO_FLEET_PORT ?? '50061'}`;
const definition = loadSync('proto/fleet.proto', { keepCase: false, longs: String });
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const pkg = loadPackageDefinition(definition) as any;
const client = new pkg.rollo.fleet.v1.FleetService(ADDRESS, credentials.createInsecure());

/** Nobody is offered a scooter that would stop on the way. */
export const MIN_CHARGE_PERCENT = 15;

/** One caller per request, so that the city goes with every call. */
export function fleet(city: string) {
  const metadata = new Metadata();
  metadata.set('x-rollo-city', city);
  const call = (name: string, request: object) =>
    new Promise<any>((resolve, reject) =>
      client[name](request, metadata, (error: Error | null, reply: unknown) => (error ? reject(error) : resolve(reply))),
    );
  return {
    nearby: (latitude: number, longitude: number, radiusMeters: number) =>
      call('NearbyVehicles', { latitude, longitude, radiusMeters }),
    unlock: (plate: string, riderId: string) => call('UnlockVehicle', { plate, riderId }),
    end: (rideId: string) => call('EndRide', { rideId }),
  };
}
