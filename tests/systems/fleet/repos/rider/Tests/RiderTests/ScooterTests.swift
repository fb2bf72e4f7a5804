import XCTest
@testable import Rider

final class ScooterTests: XCTestCase {
    func testLow() {
        let point = GeoPoint(latitude: 0, longitude: 0)
        XCTAssertEqual(Scooter(id: "1", plate: "RO-1", chargePercent: 3, position: point).status, "low")
    }
}
