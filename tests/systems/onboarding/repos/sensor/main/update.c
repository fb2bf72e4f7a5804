/* Ask once a day whether there is newer firmware. */
#include "cJSON.h"
#include "esp_http_client.h"
#include "esp_log.h"
#include "config.h"
#include "link.h"
#include "sign.h"

static const char *TAG = "update";

void update_check(void)
{
    char signature[65], answer[512];
    esp_http_client_config_t config = {.url = API_BASE "/v1/firmware/latest?channel=stable"};
    esp_http_client_handle_t http = esp_http_client_init(&config);
    hmac_hex(FACTORY_KEY, serial_number(), signature);
    esp_http_client_set_header(http, "X-Hydra-Serial", serial_number());
    esp_http_client_set_header(http, "X-Hydra-Signature", signature);
    esp_http_client_set_header(http, "Accept", "application/json");
    if (esp_http_client_perform(http) != ESP_OK || esp_http_client_get_status_code(http) != 200) {
        ESP_LOGW(TAG, "no answer");
        return;
    }
    esp_http_client_read_response(http, answer, sizeof(answer));
    cJSON *body = cJSON_Parse(answer);
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(body, "image_url"));
    const char *hash = cJSON_GetStringValue(cJSON_GetObjectItem(body, "image_sha256"));
    if (url && hash)
        ota_apply(url, hash);
    cJSON_Delete(body);
    esp_http_client_cleanup(http);
}
