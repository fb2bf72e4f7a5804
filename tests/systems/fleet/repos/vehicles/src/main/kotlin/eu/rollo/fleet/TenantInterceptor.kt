package eu.rollo.fleet

import io.grpc.Context
import io.grpc.Contexts
import io.grpc.Metadata
import io.grpc.ServerCall
import io.grpc.ServerCallHandler
import io.grpc.ServerInterceptor
import io.grpc.Status

val CITY: Context.Key<String> = Context.key("city")
private val CITY_HEADER = Metadata.Key.of("x-rollo-city", Metadata.ASCII_STRING_MARSHALLER)
private val REQUEST_ID = Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER)

/** Every call names its city; one database serves them all. */
class TenantInterceptor : ServerInterceptor {
    override fun <A, B> interceptCall(
        call: ServerCall<A, B>,
        headers: Metadata,
        next: ServerCallHandler<A, B>,
    ): ServerCall.Listener<A> {
        val city = headers.get(CITY_HEADER)
        if (city == null) {
            call.close(Status.INVALID_ARGUMENT.withDescription("CITY_MISSING"), Metadata())
            return object : ServerCall.Listener<A>() {}
        }
        headers.get(REQUEST_ID)?.let { org.slf4j.MDC.put("id", it) }
        return Contexts.interceptCall(Context.current().withValue(CITY, city), call, headers, next)
    }
}
