import Foundation

struct GeoPoint: Codable {
    let latitude: Double
    let longitude: Double
}

struct Scooter: Codable, Identifiable {
    let id: String
    let plate: String
    let chargePercent: Int
    let position: GeoPoint

    var name: String { plate }
    var status: String { chargePercent < 20 ? "low" : "ok" }
}

enum UnlockProblem: String, Codable {
    case unknown = "VEHICLE_UNKNOWN"
    case taken = "VEHICLE_TAKEN"
    case empty = "CHARGE_TOO_LOW"

    var sentence: String {
        switch self {
        case .unknown: return "We cannot find this scooter."
        case .taken: return "Someone else is riding it."
        case .empty: return "It needs to charge first."
        }
    }
}
