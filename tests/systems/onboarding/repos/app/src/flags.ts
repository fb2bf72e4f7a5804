import { readFlags } from './api';

type Flag = 'zone-scheduling' | 'leak-alerts' | 'dark-mode';
let flags: Record<string, boolean> = {};

export async function loadFlags(): Promise<void> {
  flags = await readFlags();
}

export const isEnabled = (flag: Flag): boolean => flags[flag] ?? false;
