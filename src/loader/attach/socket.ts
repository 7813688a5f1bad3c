import { Errno, UsageError } from '../../errors/index.ts';
import {
  checkResult,
  type Kernel,
  SO_ATTACH_BPF,
  SO_ATTACH_REUSEPORT_EBPF,
  SO_DETACH_BPF,
  SO_DETACH_REUSEPORT_BPF,
  SOL_SOCKET,
} from '../../sys/index.ts';
import { bpf_prog_type } from '../../uapi/index.ts';
import { fdOf } from '../fd-of.ts';
import type { AttachableProgram, AttachContext } from './link.ts';

/** A socket: its descriptor, or one of Node's that is open (net, dgram). */
export interface SocketTarget {
  readonly socket: number | object;
}

/** A program on a socket. It stays until `close`, or until the socket is closed. */
export class SocketAttachment implements Disposable {
  readonly #kernel: Kernel;
  readonly #detach: number;
  #socket: number | undefined;

  constructor(kernel: Kernel, socket: number, detach: number) {
    this.#kernel = kernel;
    this.#socket = socket;
    this.#detach = detach;
  }

  /** Takes the program off. Close it before the socket: another file may get its number. Closing again does nothing. */
  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    const result = this.#kernel.setSocketOption(socket, SOL_SOCKET, this.#detach, new Uint8Array(4));
    const isGone = [-Errno.ENOENT, -Errno.EBADF, -Errno.ENOTSOCK].includes(result);
    if (!isGone) checkResult('detach the program from the socket', result);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Attaches a program to a socket: one of `socket` sections decides how much of each packet it receives, one of `sk_reuseport`
 * which socket of its group receives. UsageError for what is no open socket, SyscallError where the kernel refuses.
 */
export function attachSocket(
  { kernel }: AttachContext,
  program: AttachableProgram,
  target: SocketTarget,
): SocketAttachment {
  const isReuse = program.spec.type === bpf_prog_type.BPF_PROG_TYPE_SK_REUSEPORT;
  const socket = descriptorOf(target);
  const value = new Uint8Array(Int32Array.of(fdOf(program)).buffer);
  const result = kernel.setSocketOption(socket, SOL_SOCKET, isReuse ? SO_ATTACH_REUSEPORT_EBPF : SO_ATTACH_BPF, value);
  checkResult(`attach program '${program.name}' to socket ${socket}`, result);
  return new SocketAttachment(kernel, socket, isReuse ? SO_DETACH_REUSEPORT_BPF : SO_DETACH_BPF);
}

function descriptorOf(target: SocketTarget): number {
  const socket = target?.socket as unknown;
  const known = typeof socket === 'number' ? socket : nodeDescriptor(socket);
  if (typeof known === 'number' && Number.isInteger(known) && known >= 0) return known;
  throw new UsageError(
    'give an open socket: its descriptor, or a bound or connected one of net or dgram, as { socket }',
  );
}

/** Node's sockets keep theirs in the handle; a datagram socket's is behind a symbol. */
function nodeDescriptor(socket: unknown): unknown {
  if (typeof socket !== 'object' || socket === null) return undefined;
  const withHandle = socket as Record<string | symbol, { fd?: unknown; handle?: { fd?: unknown } } | undefined>;
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const state = withHandle[symbol];
    if (typeof state === 'object' && state !== null && state.handle?.fd !== undefined) return state.handle.fd;
  }
  return withHandle._handle?.fd;
}
