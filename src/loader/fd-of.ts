/** What has a descriptor: a number, or the owner of one. */
export interface WithFd {
  readonly fd: number | { readonly number: number };
}

/** The descriptor. Throws ClosedError where its owner was closed. */
export function fdOf({ fd }: WithFd): number {
  return typeof fd === 'number' ? fd : fd.number;
}
