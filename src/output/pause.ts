/** Five milliseconds in which nothing else runs: for a descriptor of others that says EAGAIN because they made it non-blocking. */
export function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
