import { AF_NETLINK, checkResult, Fd, type Kernel, SOCK_CLOEXEC, SOCK_RAW } from '../sys/index.ts';

const headerSize = 16;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLA_TYPE_MASK = 0x3fff;
const receiveSize = 1 << 16;

/** Route netlink: devices and traffic control. Linux formats, native byte order. */
export class RouteNetlink implements Disposable {
  readonly #kernel: Kernel;
  readonly #fd: Fd;
  #sequence = 0;

  /** Throws SyscallError. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#fd = new Fd(kernel, checkResult('socket', kernel.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0)));
    const address = new Uint8Array(12);
    address[0] = AF_NETLINK;
    try {
      checkResult('bind', kernel.bind(this.#fd.number, address));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends a request and waits for its acknowledgement. Returns 0 or -errno. */
  request(type: number, flags: number, payload: Uint8Array): number {
    return this.#exchange(type, NLM_F_REQUEST | NLM_F_ACK | flags, payload, () => {});
  }

  /** Asks for all objects and calls `visit` with each one's message type and payload. Returns 0 or -errno. */
  dump(type: number, payload: Uint8Array, visit: (type: number, payload: Uint8Array) => void): number {
    return this.#exchange(type, NLM_F_REQUEST | NLM_F_DUMP, payload, visit);
  }

  #exchange(
    type: number,
    flags: number,
    payload: Uint8Array,
    visit: (type: number, payload: Uint8Array) => void,
  ): number {
    const sequence = ++this.#sequence;
    const message = new Uint8Array(headerSize + payload.length);
    const header = new DataView(message.buffer);
    header.setUint32(0, message.length, true);
    header.setUint16(4, type, true);
    header.setUint16(6, flags, true);
    header.setUint32(8, sequence, true);
    message.set(payload, headerSize);
    const sent = this.#kernel.send(this.#fd.number, message);
    if (sent < 0) return sent;
    const buffer = new Uint8Array(receiveSize);
    for (;;) {
      const length = this.#kernel.receive(this.#fd.number, buffer);
      if (length === -4) continue;
      if (length <= 0) return length;
      const end = readMessages(buffer.subarray(0, length), sequence, visit);
      if (end !== undefined) return end;
    }
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Returns the exchange's result once its last message is seen. */
function readMessages(
  bytes: Uint8Array,
  sequence: number,
  visit: (type: number, payload: Uint8Array) => void,
): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + headerSize <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < headerSize || at + length > bytes.length) return -74;
    const type = view.getUint16(at + 4, true);
    if (view.getUint32(at + 8, true) === sequence) {
      // Both carry a negative errno, 0 for an acknowledgement.
      if (type === NLMSG_ERROR || type === NLMSG_DONE) {
        return length >= headerSize + 4 ? view.getInt32(at + headerSize, true) : 0;
      }
      visit(type, bytes.slice(at + headerSize, at + length));
    }
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** Attributes of a message by type; of repeated ones the last counts. Stops at a malformed one. */
export function parseAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    found.set(view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** One attribute, padded to 4 bytes; `content` may itself be attributes (then pass `nested`). */
export function attribute(type: number, content: Uint8Array, options: { nested?: boolean } = {}): Uint8Array {
  const bytes = new Uint8Array((4 + content.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + content.length, true);
  view.setUint16(2, options.nested ? type | 0x8000 : type, true);
  bytes.set(content, 4);
  return bytes;
}

/** An attribute that holds a 32-bit number. */
export function numberAttribute(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array(Int32Array.of(value).buffer));
}

const RTM_SETLINK = 19;
const IFLA_XDP = 43;
const IFLA_XDP_FD = 1;
const IFLA_XDP_FLAGS = 3;

/** Sets a device's XDP program (`programFd` -1: none). `flags`: `XDP_FLAGS_*`. Returns 0 or -errno. */
export function setXdp(kernel: Kernel, request: { ifindex: number; programFd: number; flags: number }): number {
  const netlink = new RouteNetlink(kernel);
  try {
    const info = new Uint8Array(16);
    new DataView(info.buffer).setInt32(4, request.ifindex, true);
    const parts = [numberAttribute(IFLA_XDP_FD, request.programFd)];
    if (request.flags !== 0) parts.push(numberAttribute(IFLA_XDP_FLAGS, request.flags));
    const xdp = attribute(IFLA_XDP, Buffer.concat(parts), { nested: true });
    return netlink.request(RTM_SETLINK, 0, Buffer.concat([info, xdp]));
  } finally {
    netlink.close();
  }
}
