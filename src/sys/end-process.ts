import { loadedLibc } from './libc.ts';

/**
 * Ends this process with `status`, an exit status, at once where nobody waits for its exit event. Otherwise Node takes its
 * heap apart, page by page, and koffi has standard output and error written to their disks, which can take longer
 * than the command. All output must have been written. May return: then the process ends by itself.
 */
export function endProcess(status: number): void {
  process.exitCode = status;
  const { NODE_OPTIONS: options, NODE_V8_COVERAGE: coverage } = process.env;
  // Profiles, coverage and hooks are written on the way out.
  const isAwaited = process.execArgv.length > 0 || options || coverage || process.listenerCount('exit') > 0;
  if (!isAwaited) loadedLibc()?.call('_exit', 'i', [status]);
}
