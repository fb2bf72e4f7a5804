import MapKit
import SwiftUI

struct ScooterMap: View {
    let scooters: [Scooter]
    @State private var radius = 400

    var body: some View {
        Map {
            ForEach(scooters) { scooter in
                Marker(scooter.name, coordinate: .init(latitude: scooter.position.latitude,
                                                       longitude: scooter.position.longitude))
            }
        }
        .accessibilityLabel("Map")
    }
}
