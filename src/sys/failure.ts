import { errnoName, SyscallError, strerror } from '../errors/index.ts';

/** The SyscallError of a call that returned `-errno` (either sign is accepted). */
export function syscallError(call: string, result: number): SyscallError {
  const errno = Math.abs(result);
  return new SyscallError(call, errno, errnoName(errno), strerror(errno));
}

/** Returns a call's result, or throws its SyscallError when negative. */
export function checkResult(call: string, result: number): number {
  if (result < 0) throw syscallError(call, result);
  return result;
}
