export class ApiError extends Error {
  constructor(readonly code: string, message: string, readonly status: number) {
    super(message);
    this.name = 'ApiError';
  }
}

const SENTENCES: Record<string, string> = {
  E_CLAIM_EXPIRED: 'That took too long. Please start again.',
  E_ALREADY_OWNED: 'This sensor belongs to someone else. Ask them to release it first.',
  E_OFFLINE: 'You seem to be offline.',
};

export function sentence(error: unknown): string {
  if (error instanceof ApiError) return SENTENCES[error.code] ?? error.message;
  return 'Something went wrong.';
}
