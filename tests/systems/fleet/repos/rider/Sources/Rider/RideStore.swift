import Foundation

@MainActor
final class RideStore: ObservableObject {
    @Published var rideId: String?
    @Published var startedAt: Date?
    @Published var problem: UnlockProblem?

    private let defaults = UserDefaults.standard

    func begin(_ id: String) {
        rideId = id
        startedAt = Date()
        defaults.set(id, forKey: "ride")
    }

    func end(totalFeeCents: Int) {
        print("id", rideId ?? "", "status", "ended", totalFeeCents)
        rideId = nil
        defaults.removeObject(forKey: "ride")
    }
}
