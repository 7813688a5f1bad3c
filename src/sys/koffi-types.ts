/** The part of koffi's surface that `libc.ts` uses. */
export type KoffiFunction = (...args: unknown[]) => unknown;

export interface LibraryHandle {
  func(name: string, result: string, args: readonly string[]): KoffiFunction;
}

export interface PollWatcher {
  close(): void;
}
