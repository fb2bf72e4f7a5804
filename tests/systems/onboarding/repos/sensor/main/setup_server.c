/* While nobody has told us the Wi-Fi: a tiny HTTP server on our own access point. */
#include "cJSON.h"
#include "esp_http_server.h"
#include "config.h"
#include "link.h"
#include "setup_server.h"

static esp_err_t take_network(httpd_req_t *req)
{
    char buffer[256];
    int got = httpd_req_recv(req, buffer, sizeof(buffer) - 1);
    if (got <= 0)
        return ESP_FAIL;
    buffer[got] = 0;
    cJSON *body = cJSON_Parse(buffer);
    nvs_write("ssid", cJSON_GetStringValue(cJSON_GetObjectItem(body, "wifi_ssid")));
    nvs_write("psk", cJSON_GetStringValue(cJSON_GetObjectItem(body, "wifi_psk")));
    nvs_write("code", cJSON_GetStringValue(cJSON_GetObjectItem(body, "claim_code")));
    cJSON_Delete(body);
    httpd_resp_set_type(req, "application/json");
    return httpd_resp_sendstr(req, "{\"accepted\":true}");
}

static esp_err_t tell_identity(httpd_req_t *req)
{
    char text[96];
    snprintf(text, sizeof(text), "{\"serial\":\"%s\",\"firmware_version\":\"%s\"}", serial_number(), FIRMWARE_VERSION);
    httpd_resp_set_type(req, "application/json");
    return httpd_resp_sendstr(req, text);
}

static const httpd_uri_t NETWORK = {.uri = "/setup/network", .method = HTTP_POST, .handler = take_network};
static const httpd_uri_t IDENTITY = {.uri = "/setup/identity", .method = HTTP_GET, .handler = tell_identity};

void setup_server_run(int port)
{
    httpd_handle_t server = NULL;
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    config.server_port = port;
    ESP_ERROR_CHECK(httpd_start(&server, &config));
    httpd_register_uri_handler(server, &NETWORK);
    httpd_register_uri_handler(server, &IDENTITY);
}
