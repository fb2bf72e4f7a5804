// Amounts are whole numbers of the smallest unit.
export function formatMinor(amount, currency, locale = navigator.language) {
  const value = amount / 100;
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(value);
}

export function isZero(amount) {
  return Math.abs(amount) < 1;
}
