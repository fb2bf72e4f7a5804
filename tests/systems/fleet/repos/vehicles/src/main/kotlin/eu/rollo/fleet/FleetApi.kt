package eu.rollo.fleet

import eu.rollo.fleet.v1.EndRideReply
import eu.rollo.fleet.v1.EndRideRequest
import eu.rollo.fleet.v1.FleetServiceGrpcKt
import eu.rollo.fleet.v1.NearbyVehiclesReply
import eu.rollo.fleet.v1.NearbyVehiclesRequest
import eu.rollo.fleet.v1.UnlockVehicleReply
import eu.rollo.fleet.v1.UnlockVehicleRequest
import io.grpc.Status
import io.grpc.StatusException

/** Below this charge nobody may ride. */
const val MIN_CHARGE_PERCENT = 12
const val UNLOCK_FEE_CENTS = 100

class FleetApi(private val vehicles: Vehicles, private val rides: Rides) :
    FleetServiceGrpcKt.FleetServiceCoroutineImplBase() {

    override suspend fun nearbyVehicles(request: NearbyVehiclesRequest): NearbyVehiclesReply =
        NearbyVehiclesReply.newBuilder()
            .addAllVehicles(vehicles.within(request.latitude, request.longitude, request.radiusMeters))
            .build()

    override suspend fun unlockVehicle(request: UnlockVehicleRequest): UnlockVehicleReply {
        val vehicle = vehicles.byPlate(request.plate) ?: throw failure("VEHICLE_UNKNOWN")
        if (vehicle.chargePercent < MIN_CHARGE_PERCENT) throw failure("CHARGE_TOO_LOW")
        if (rides.isTaken(request.plate)) throw failure("VEHICLE_TAKEN")
        return UnlockVehicleReply.newBuilder()
            .setRideId(rides.begin(request.plate, request.riderId))
            .setUnlockFeeCents(UNLOCK_FEE_CENTS)
            .build()
    }

    override suspend fun endRide(request: EndRideRequest): EndRideReply {
        val ride = rides.end(request.rideId) ?: throw failure("RIDE_UNKNOWN")
        return EndRideReply.newBuilder().setTotalFeeCents(ride.fee).setRiddenMeters(ride.meters).build()
    }

    private fun failure(code: String) = StatusException(Status.FAILED_PRECONDITION.withDescription(code))
}
