package eu.rollo.fleet

import java.util.UUID
import java.util.concurrent.ConcurrentHashMap

data class Ride(val id: String, val plate: String, val rider: String, val fee: Int = 0, val meters: Int = 0)

class Rides {
    private val open = ConcurrentHashMap<String, Ride>()

    fun isTaken(plate: String) = open.values.any { it.plate == plate }

    fun begin(plate: String, rider: String): String {
        val id = UUID.randomUUID().toString()
        open[id] = Ride(id, plate, rider)
        return id
    }

    fun end(id: String): Ride? = open.remove(id)
}
