#pragma once
void setup_server_run(int port);
