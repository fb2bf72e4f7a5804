const defaults: Record<string, boolean> = { 'express-checkout': false, 'new-header': true };

export function useFlag(name: string): boolean {
  const override = new URLSearchParams(location.search).get(`flag:${name}`);
  return override ? override === 'on' : defaults[name] ?? false;
}
