/** The signals by which people and service managers end a program. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Resolves when one of the signals that end a program comes, or when `signal` aborts. */
export function untilSignal(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A signal handler alone does not keep the process.
    const alive = setInterval(() => undefined, 0x7fff_ffff);
    const done = () => {
      clearInterval(alive);
      for (const name of endings) process.off(name, done);
      resolve();
    };
    for (const name of endings) process.on(name, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
