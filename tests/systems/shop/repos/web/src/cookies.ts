export function readCookie(name: string): string | undefined {
  return document.cookie
    .split('; ')
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

export function setCurrency(currency: string): void {
  document.cookie = `kestrel_currency=${currency}; path=/; max-age=31536000`;
}

export function setTheme(theme: string): void {
  document.cookie = `theme=${theme}; path=/`;
}
