package eu.rollo.fleet

import io.grpc.ServerBuilder
import org.slf4j.LoggerFactory

private val log = LoggerFactory.getLogger("main")

/** 50061 unless ROLLO_FLEET_PORT says otherwise. */
const val DEFAULT_PORT = 50061

fun main() {
    val port = System.getenv("ROLLO_FLEET_PORT")?.toInt() ?: DEFAULT_PORT
    val database = System.getenv("DATABASE_URL") ?: "jdbc:postgresql://localhost/fleet"
    val server = ServerBuilder.forPort(port)
        .addService(FleetApi(Vehicles(database), Rides()))
        .intercept(TenantInterceptor())
        .build()
        .start()
    log.info("name={} status={} port={}", "fleet", "listening", port)
    server.awaitTermination()
}
