import { env } from 'node:process';
import { Errno, type NotSupportedError } from '../errors/index.ts';
import { type Kernel, withCalls } from '../kernel/index.ts';
import { type DiagnosticLog, errorText, failure } from '../object/index.ts';
import { explainUnsupported } from '../probe/index.ts';
import { O_DIRECTORY } from '../sys/index.ts';
import {
  attr_btf_load,
  attr_map_create,
  attr_prog_load,
  attr_token_create,
  BPF_F_TOKEN_FD,
  bpf_cmd,
  copyStruct,
  type NativeStruct,
  structView,
} from '../uapi/index.ts';
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
  const command = bpf_cmd.BPF_TOKEN_CREATE;
  const attr = structView(attr_token_create).set('bpffs_fd', folder);
  const token = kernel.bpf(command, attr);
  kernel.close(folder);
  if (token === -Errno.ENOENT && named === undefined) {
    const text = `BPF FS at '${path}' doesn't have BPF token delegation set up, skipping...`;
    log('debug', `object '${objectName}': ${text}`);
    return undefined;
  }
  if (token < 0) {
    const reason = () => explainUnsupported(kernel, { command, attr: attr.bytes, errno: -token });
    return refused(token, `${token}) to create BPF token from '${path}'`, reason);
  }
  temporary.fd(token);
  return withCalls(kernel, {
    bpf: (command, attr) => kernel.bpf(command, giveToken(command, attr, token)),
    bpfInBackground: (command, attr) => kernel.bpfInBackground(command, giveToken(command, attr, token)),
  });
}

/** The attribute with the token in it, where the call takes one. */
function giveToken(command: number, attr: NativeStruct, token: number): NativeStruct {
  switch (command) {
    case bpf_cmd.BPF_MAP_CREATE: {
      const view = copyStruct(attr, attr_map_create).set('map_token_fd', token);
      return view.set('map_flags', (view.u32('map_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    case bpf_cmd.BPF_PROG_LOAD: {
      const view = copyStruct(attr, attr_prog_load).set('prog_token_fd', token);
      return view.set('prog_flags', (view.u32('prog_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    case bpf_cmd.BPF_BTF_LOAD: {
      const view = copyStruct(attr, attr_btf_load).set('btf_token_fd', token);
      return view.set('btf_flags', (view.u32('btf_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    default:
      return attr;
  }
}
