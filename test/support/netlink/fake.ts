// A kernel whose netlink answers what a test says.
import type { Kernel } from '../../../src/kernel/index.ts';
import { attribute, buildMessage } from '../../../src/netlink/index.ts';
import * as uapi from '../../../src/uapi/index.ts';

const port = 77;
export interface Answer {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly flags?: number;
  readonly sequence?: number;
  readonly port?: number;
}
/** What the kernel answers to a request: datagrams of messages, errnos (negative), or bytes as they are. */
export type Datagrams = readonly (readonly Answer[] | number | Uint8Array)[];

export const number = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
export const done: Answer = { type: uapi.NLMSG_DONE, payload: number(0) };
export const text = (value: string) => new TextEncoder().encode(`${value}\0`);

/** A kernel whose netlink answers the n-th request with the n-th list, the last one for ever; tells what it was sent. */
export function fakeKernel(
  answers: readonly Datagrams[],
  calls: { socket?: number; bind?: number; send?: number } = {},
  others: object = {},
) {
  const sent: Buffer[] = [];
  const closed: number[] = [];
  let waiting: (readonly Answer[] | number | Uint8Array)[] = [];
  const kernel = {
    ...others,
    socket: () => calls.socket ?? 5,
    bind: () => calls.bind ?? 0,
    close: (fd: number) => closed.push(fd) - closed.length,
    setSocketOption: () => -92,
    getSocketName(_fd: number, into: Uint8Array) {
      new DataView(into.buffer).setUint32(4, port, true);
      return 0;
    },
    send(_fd: number, bytes: Uint8Array) {
      if (calls.send !== undefined) return calls.send;
      waiting = [...answers[Math.min(sent.length, answers.length - 1)]!];
      sent.push(Buffer.from(bytes));
      return bytes.length;
    },
    receive(_fd: number, into: Uint8Array) {
      const next = waiting.shift();
      if (next === undefined) throw new Error('nothing to receive');
      if (typeof next === 'number') return next;
      const bytes = next instanceof Uint8Array ? next : datagram(next, sent.length);
      into.set(bytes.subarray(0, into.length));
      return bytes.length;
    },
  };
  return { kernel: kernel as unknown as Kernel, sent, closed };
}

function datagram(answers: readonly Answer[], current: number): Buffer {
  return Buffer.concat(
    answers.map(({ type, payload, flags = 2, sequence = current, port: to = port }) => {
      const bytes = Buffer.from(buildMessage({ type, flags, sequence, payload }));
      bytes.writeUInt32LE(to, 12);
      return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
    }),
  );
}

export const device = (name: string, flags = 2, index = 3): Answer => ({
  type: uapi.RTM_NEWLINK,
  flags,
  payload: Buffer.concat([
    uapi.structView(uapi.ifinfomsg).set('ifi_index', index).bytes,
    attribute(uapi.IFLA_IFNAME, text(name)),
  ]),
});
export const failed = (errno: number): Answer => ({
  type: uapi.NLMSG_ERROR,
  payload: Buffer.concat([number(-errno), new Uint8Array(16)]),
});
