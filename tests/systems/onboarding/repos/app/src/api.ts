import { ApiError } from './errors';
import { token } from './session';

const BASE = process.env.EXPO_PUBLIC_API_BASE ?? 'https://api.hydra.example';

export interface Telemetry {
  soil_moisture: number;
  battery_mv: number;
  firmware_version: string;
}

export interface DeviceSettings {
  sampling_interval_s: number;
  valve_open: boolean;
}

export interface Device {
  id: string;
  name: string;
  serial: string;
  status: 'online' | 'offline';
  last_seen: string | null;
  settings: DeviceSettings;
  latest: Telemetry | null;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${BASE}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token()}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) {
    const { error } = await response.json();
    throw new ApiError(error.code, error.message, response.status);
  }
  return response.status === 204 ? (undefined as T) : response.json();
}

export const createClaim = () => call<{ claim_code: string; expires_at: string }>('POST', '/v1/claims');
export const readClaim = (code: string) => call<{ device_id: string | null }>('GET', `/v1/claims/${code}`);
export const listDevices = () => call<Device[]>('GET', '/v1/devices');
export const readDevice = (id: string) => call<Device>('GET', `/v1/devices/${id}`);
export const saveSettings = (id: string, settings: DeviceSettings) =>
  call<DeviceSettings>('PUT', `/v1/devices/${id}/settings`, settings);
export const releaseDevice = (id: string) => call<void>('DELETE', `/v1/devices/${id}`);
export const readFlags = () => call<Record<string, boolean>>('GET', '/v1/flags');
