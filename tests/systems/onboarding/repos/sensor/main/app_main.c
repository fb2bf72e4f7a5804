#include <string.h>
#include "esp_log.h"
#include "nvs_flash.h"
#include "config.h"
#include "link.h"
#include "setup_server.h"

static const char *TAG = "main";

void app_main(void)
{
    char ssid[33] = {0};
    ESP_ERROR_CHECK(nvs_flash_init());
    if (!nvs_read("ssid", ssid, sizeof(ssid))) {
        ESP_LOGI(TAG, "no network known, status: setup");
        setup_server_run(SETUP_PORT);
    }
    wifi_join(ssid);
    link_start();
    for (;;) {
        link_send_telemetry(probe_read_percent(), battery_read_mv());
        link_sleep();
    }
}
