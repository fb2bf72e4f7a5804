import { createClaim, readClaim } from './api';

/** How long we keep polling before we tell the person to start again. */
export const CLAIM_TTL_SECONDS = 600;
const POLL_MS = 2000;
const SENSOR = 'http://192.168.4.1:8032';

export async function identify(): Promise<{ serial: string; firmware_version: string }> {
  const response = await fetch(`${SENSOR}/setup/identity`);
  return response.json();
}

/** Hand Wi-Fi and claim to the sensor; the phone is on the sensor's access point now. */
export async function handOver(ssid: string, psk: string, code: string): Promise<void> {
  const response = await fetch(`${SENSOR}/setup/network`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ wifi_ssid: ssid, wifi_psk: psk, claim_code: code }),
  });
  if (!response.ok) throw new Error(`sensor answered ${response.status}`);
}

export async function onboard(ssid: string, psk: string): Promise<string> {
  const { claim_code } = await createClaim();
  await handOver(ssid, psk, claim_code);
  const deadline = Date.now() + CLAIM_TTL_SECONDS * 1000;
  while (Date.now() < deadline) {
    const { device_id } = await readClaim(claim_code);
    if (device_id) return device_id;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error('timed out');
}
