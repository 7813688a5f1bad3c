import { Errno } from '../errors/index.ts';
import {
  buildMessage,
  NetlinkErrno,
  NetlinkError,
  type NetlinkMessage,
  parsing,
  readDone,
  readError,
  readMessages,
} from '../netlink/index.ts';
import { AF_NETLINK, checkResult, Fd, type Kernel, MSG_TRUNC, SOCK_CLOEXEC, SOCK_RAW } from '../sys/index.ts';
import {
  NETLINK_EXT_ACK,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOL_NETLINK,
} from '../uapi/index.ts';

/** The kernel makes its answers as large as the room they were received into, up to 32 KiB. */
const receiveSize = 1 << 16;
/** A list that changes as often as this while it is read will not be had at all. */
const attempts = 20;
/** Of `struct sockaddr_nl`: family, padding, port, groups. */
const addressSize = 12;
const portOffset = 4;

/** A request: its message type, and what follows the header. */
export interface NetlinkRequest {
  /** RTM_GETLINK … */
  readonly type: number;
  readonly payload: Uint8Array;
  /** `NLM_F_*` beyond those that every request has. */
  readonly flags?: number;
}

/**
 * A socket to the kernel's route netlink: devices and traffic control of the network namespace it was opened in.
 * Failing calls of the socket throw SyscallError; what the kernel refuses, and answers that cannot be used, NetlinkError.
 */
export class RouteNetlink implements Disposable {
  readonly #kernel: Kernel;
  readonly #fd: Fd;
  readonly #port: number;
  readonly #room = new Uint8Array(receiveSize);
  #sequence = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#fd = new Fd(kernel, checkResult('socket', kernel.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)));
    try {
      this.#port = this.#bind();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends a request and waits for its acknowledgement; `visit` gets what comes before it, such as an echo. */
  request({ type, payload, flags = 0 }: NetlinkRequest, visit: (payload: Uint8Array) => void = () => {}): void {
    this.#exchange({ type, payload, flags: flags | NLM_F_REQUEST | NLM_F_ACK }, (message) => visit(message.payload));
  }

  /**
   * Asks for all objects; answers what `read` makes of each one's payload, which it must not keep. A list that changed
   * while the kernel sent it is taken again.
   */
  dump<T>(request: NetlinkRequest, read: (payload: Uint8Array) => T): T[] {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found: T[] = [];
      let interrupted = false;
      this.#exchange({ ...request, flags: NLM_F_REQUEST | NLM_F_DUMP }, (message) => {
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type !== NLMSG_DONE) found.push(read(message.payload));
      });
      if (!interrupted) return found;
    }
    throw new NetlinkError(Errno.EAGAIN, { detail: `the list changed ${attempts} times while it was read` });
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #bind(): number {
    const kernel = this.#kernel;
    const fd = this.#fd.number;
    // Kernels before 4.12 know no extended acknowledgements, and answer without them.
    kernel.setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, new Uint8Array(Int32Array.of(1).buffer));
    const address = new Uint8Array(addressSize);
    address[0] = AF_NETLINK;
    checkResult('bind', kernel.bind(fd, address));
    checkResult('getsockname', kernel.getSocketName(fd, address));
    return new DataView(address.buffer).getUint32(portOffset, true);
  }

  #exchange(request: NetlinkRequest & { flags: number }, visit: (message: NetlinkMessage) => void): void {
    const sequence = ++this.#sequence;
    checkResult('send', this.#kernel.send(this.#fd.number, buildMessage({ ...request, sequence })));
    let isDone = false;
    while (!isDone) {
      const datagram = this.#receive();
      parsing(() => {
        for (const message of readMessages(datagram)) {
          this.#checkAddress(message, sequence);
          isDone = isLast(message);
          if (message.type !== NLMSG_ERROR) visit(message);
        }
      });
    }
  }

  /** One datagram, as a view of the room that the next one overwrites. */
  #receive(): Uint8Array {
    const room = this.#room;
    for (;;) {
      const length = this.#kernel.receive(this.#fd.number, room, MSG_TRUNC);
      if (length === -Errno.EINTR) continue;
      checkResult('recv', length);
      if (length > 0 && length <= room.length) return room.subarray(0, length);
      const detail = length === 0 ? 'the answer ends too early' : `an answer of ${length} bytes does not fit`;
      throw new NetlinkError(NetlinkErrno.MALFORMED, { detail });
    }
  }

  #checkAddress(message: NetlinkMessage, sequence: number): void {
    if (message.port !== this.#port) throw new NetlinkError(NetlinkErrno.WRONG_PORT);
    if (message.sequence !== sequence) throw new NetlinkError(NetlinkErrno.WRONG_SEQUENCE);
  }
}

/** Whether the answer ends with this message. Throws the NetlinkError that it tells of. */
function isLast(message: NetlinkMessage): boolean {
  if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) return false;
  const error = message.type === NLMSG_ERROR ? readError(message) : readDone(message);
  if (error !== undefined) throw error;
  return true;
}
