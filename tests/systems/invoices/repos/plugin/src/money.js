// Copied from the badge, so that the editor needs no build.
export function formatMinor(amount, currency, locale = 'en') {
  const value = Math.round(amount) / 100;
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(value);
}

export function isZero(amount) {
  return Math.abs(amount) < 1;
}
