plugins {
    kotlin("jvm") version "1.9.24"
    id("com.google.protobuf") version "0.9.4"
    application
}

group = "eu.rollo"
version = "2.3.0"

dependencies {
    implementation("io.grpc:grpc-kotlin-stub:1.4.1")
    implementation("org.postgresql:postgresql:42.7.3")
    testImplementation(kotlin("test"))
}
