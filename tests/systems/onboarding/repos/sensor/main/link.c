/* MQTT: telemetry and claims out, commands in. */
#include <stdio.h>
#include <string.h>
#include "cJSON.h"
#include "esp_log.h"
#include "mqtt_client.h"
#include "config.h"
#include "link.h"
#include "valve.h"

static const char *TAG = "link";
static esp_mqtt_client_handle_t client;
static int interval_s = DEFAULT_INTERVAL_S;

static void topic_for(char *out, size_t size, const char *what)
{
    /* the old firmware used hydra/pair/request here */
    snprintf(out, size, "hydra/%s/%s", serial_number(), what);
}

void link_send_telemetry(double moisture, int millivolts)
{
    char topic[64];
    snprintf(topic, sizeof(topic), "hydra/%s/telemetry", serial_number());
    cJSON *body = cJSON_CreateObject();
    cJSON_AddNumberToObject(body, "soil_moisture", moisture);
    cJSON_AddNumberToObject(body, "battery_mv", millivolts);
    cJSON_AddStringToObject(body, "firmware_version", FIRMWARE_VERSION);
    char *text = cJSON_PrintUnformatted(body);
    if (strlen(text) <= TELEMETRY_MAX_BYTES)
        esp_mqtt_client_publish(client, topic, text, 0, 1, 0);
    cJSON_free(text);
    cJSON_Delete(body);
}

void link_send_claim(const char *code)
{
    char topic[64], text[64];
    snprintf(topic, sizeof(topic), "hydra/%s/claim", serial_number());
    snprintf(text, sizeof(text), "{\"claim_code\":\"%s\"}", code);
    esp_mqtt_client_publish(client, topic, text, 0, 1, 0);
}

static void on_command(const char *data, int length)
{
    cJSON *body = cJSON_ParseWithLength(data, length);
    const cJSON *op = cJSON_GetObjectItem(body, "op");
    if (cJSON_IsString(op) && strcmp(op->valuestring, "configure") == 0) {
        const cJSON *every = cJSON_GetObjectItem(body, "sampling_interval_s");
        const cJSON *valve = cJSON_GetObjectItem(body, "valve_open");
        if (cJSON_IsNumber(every))
            interval_s = every->valueint;
        valve_set(cJSON_IsTrue(valve));
    } else if (cJSON_IsString(op) && strcmp(op->valuestring, "factory_reset") == 0) {
        nvs_write("ssid", "");
        ESP_LOGW(TAG, "released by the owner");
    }
    cJSON_Delete(body);
}

static void on_event(void *arg, esp_event_base_t base, int32_t id, void *event_data)
{
    esp_mqtt_event_handle_t event = event_data;
    char topic[64];
    if (id == MQTT_EVENT_CONNECTED) {
        snprintf(topic, sizeof(topic), "hydra/%s/command", serial_number());
        esp_mqtt_client_subscribe(client, topic, 1);
    } else if (id == MQTT_EVENT_DATA) {
        on_command(event->data, event->data_len);
    }
}

void link_start(void)
{
    static char will[64];
    topic_for(will, sizeof(will), "gone");
    esp_mqtt_client_config_t config = {
        .broker.address.hostname = MQTT_HOST,
        .broker.address.port = MQTT_PORT,
        .session.last_will.topic = will,
    };
    client = esp_mqtt_client_init(&config);
    esp_mqtt_client_register_event(client, ESP_EVENT_ANY_ID, on_event, NULL);
    esp_mqtt_client_start(client);
}
