// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Rider",
    platforms: [.iOS(.v16)],
    dependencies: [.package(url: "https://github.com/apollographql/apollo-ios.git", from: "1.12.0")],
    targets: [.target(name: "Rider", dependencies: [.product(name: "Apollo", package: "apollo-ios")])]
)
