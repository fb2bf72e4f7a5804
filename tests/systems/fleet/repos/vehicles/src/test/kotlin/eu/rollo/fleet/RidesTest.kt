package eu.rollo.fleet

import kotlin.test.Test
import kotlin.test.assertTrue

class RidesTest {
    @Test
    fun `a begun ride takes the vehicle`() {
        val rides = Rides()
        rides.begin("RO-1", "name")
        assertTrue(rides.isTaken("RO-1"))
    }
}
