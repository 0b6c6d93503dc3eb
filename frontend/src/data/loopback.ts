const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Whether this name of a host means the reader's own machine, so that no other device gets here by it. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
