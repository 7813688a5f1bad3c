import { env } from 'node:process';
import { Errno, type NotSupportedError } from '../errors/index.ts';
import { createToken, withTokenFd } from '../bpf/index.ts';
import { type DiagnosticLog, errorText, failure } from '../object/index.ts';
import { explainUnsupported } from '../probe/index.ts';
import { type Kernel, O_DIRECTORY } from '../sys/index.ts';
import { bpf_cmd } from '../uapi/index.ts';
import type { Cleanup } from './cleanup.ts';

const ordinaryPath = '/sys/fs/bpf';

export interface TokenRequest {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  /** Closes the token once everything is loaded. */
  readonly temporary: Cleanup;
  readonly objectName: string;
  /** A mounted BPF file system; '' means no token, undefined that of LIBBPF_BPF_TOKEN_PATH. */
  readonly path: string | undefined;
}

/**
 * A kernel whose maps, programs and BTF are made with the rights that a BPF file system delegates to this process's
 * user namespace; undefined if it delegates none. ObjectError, after libbpf's warning, if a path was named and gives no
 * token. Since 6.9.
 */
export function withToken(request: TokenRequest): Kernel | undefined {
  const { kernel, log, temporary, objectName } = request;
  const named = request.path ?? env.LIBBPF_BPF_TOKEN_PATH;
  if (named === '') {
    log('debug', `object '${objectName}': token is prevented, skipping...`);
    return undefined;
  }
  const path = named ?? ordinaryPath;
  const refused = (result: number, problem: string, reason?: () => NotSupportedError | undefined): undefined => {
    const text = `object '${objectName}': failed (${problem}`;
    if (named !== undefined) {
      const cause = reason?.();
      throw failure(log, -result, text, cause && { cause });
    }
    log('debug', `${text}, skipping optional step...`);
  };
  const folder = kernel.open(path, O_DIRECTORY);
  if (folder < 0) return refused(folder, `${errorText(folder)}) to open BPF FS mount at '${path}'`);
  const token = createToken(kernel, folder);
  kernel.close(folder);
  if (token === -Errno.ENOENT && named === undefined) {
    const text = `BPF FS at '${path}' doesn't have BPF token delegation set up, skipping...`;
    log('debug', `object '${objectName}': ${text}`);
    return undefined;
  }
  if (token < 0) {
    const reason = () =>
      explainUnsupported(kernel, { command: bpf_cmd.BPF_TOKEN_CREATE, attr: new Uint8Array(0), errno: -token });
    return refused(token, `${token}) to create BPF token from '${path}'`, reason);
  }
  temporary.fd(token);
  return withTokenFd(kernel, token);
}
