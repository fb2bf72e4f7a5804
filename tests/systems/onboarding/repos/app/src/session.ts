let current: string | null = null;

export const token = () => current;
export const signIn = (value: string) => {
  current = value;
};
export const LOG_LEVEL = 'info';
