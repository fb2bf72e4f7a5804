#pragma once

#define FIRMWARE_VERSION "4.2.1"

#define MQTT_HOST "mqtt.hydra.example"
#define MQTT_PORT 8883
#define API_BASE "https://api.hydra.example"

/* The local server that the app talks to while we are an access point. */
#define SETUP_PORT 8032

/* Must not be larger than what the cloud takes. */
#define TELEMETRY_MAX_BYTES 1024
#define DEFAULT_INTERVAL_S 900
#define RETRY_MAX 5
