/** Milliseconds; setTimeout takes no more than fits an int, some 25 days. */
const longestTimer = 0x7fff_ffff;

/** Waits so many seconds, or until SIGINT comes: whether it came. */
export async function waitForInterrupt(seconds: number): Promise<boolean> {
  const until = performance.now() + seconds * 1000;
  let interrupted = false;
  let wake = () => {};
  const onSignal = () => {
    interrupted = true;
    wake();
  };
  process.on('SIGINT', onSignal);
  try {
    while (!interrupted) {
      const left = until - performance.now();
      if (left <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, longestTimer));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return interrupted;
  } finally {
    // A second signal, as from a shell and a wrapper, must not cut off what the first one has printed.
    if (!interrupted) process.off('SIGINT', onSignal);
  }
}
