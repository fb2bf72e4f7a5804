#pragma once
#include <stdbool.h>

void link_start(void);
void link_send_claim(const char *code);
void link_send_telemetry(double moisture, int millivolts);
void link_sleep(void);

double probe_read_percent(void);
int battery_read_mv(void);
bool nvs_read(const char *name, char *out, unsigned size);
void nvs_write(const char *name, const char *value);
void wifi_join(const char *ssid);
const char *serial_number(void);
