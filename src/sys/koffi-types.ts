/** The part of koffi's surface that `libc.ts` uses. */
export interface KoffiFunction {
  (...args: unknown[]): unknown;
  /** Calls on a thread of the pool; the last argument is called back with the result. */
  async(...args: unknown[]): void;
}

export interface LibraryHandle {
  func(name: string, result: string, args: readonly string[]): KoffiFunction;
}

export interface PollWatcher {
  close(): void;
}
