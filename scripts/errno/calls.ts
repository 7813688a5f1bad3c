// Makes many system calls that fail, each in a known way, while memory is collected; prints how many told another errno.
import { Errno } from '../../src/errors/index.ts';
import { openKernel } from '../../src/sys/index.ts';

const calls = Number(process.argv[2]);
const kernel = openKernel();
/** Each fails before anything is done. */
const failures: readonly (readonly [call: () => number, errno: number])[] = [
  [() => kernel.close(-1), Errno.EBADF],
  [() => kernel.unlink('/proc/no such file'), Errno.ENOENT],
  [() => kernel.removeDirectory('/proc/version'), Errno.ENOTDIR],
  [() => kernel.makeDirectory('/proc', 0o755), Errno.EEXIST],
  [() => kernel.read(-1, new Uint8Array(16)), Errno.EBADF],
  [() => kernel.epollWait(0, new Uint32Array(1), 0), Errno.EINVAL],
];
let wrong = 0;
let kept: unknown[] = [];
for (let i = 0; i < calls; i++) {
  const [call, errno] = failures[i % failures.length]!;
  if (call() !== -errno) wrong++;
  kept.push(new Uint8Array(64), { i });
  if (kept.length > 20_000) kept = [];
}
console.log(`${calls} calls, ${wrong} with another errno`);
process.exitCode = wrong === 0 ? 0 : 1;
