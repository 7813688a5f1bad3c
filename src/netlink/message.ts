import { ParseError } from '../errors/index.ts';
import { nlmsghdr } from '../uapi/index.ts';

/** One netlink message. `payload` is what follows the header, as a view of the bytes that were received. */
export interface NetlinkMessage {
  /** RTM_NEWLINK …, NLMSG_ERROR, NLMSG_DONE. */
  readonly type: number;
  /** `NLM_F_*` bits. */
  readonly flags: number;
  /** That of the request it answers. */
  readonly sequence: number;
  /** Netlink port (`nlmsg_pid`) it is meant for. */
  readonly port: number;
  readonly payload: Uint8Array;
}

const header = nlmsghdr.members;

/** The bytes of a request; the kernel fills in the sender's port. */
export function buildMessage(message: Omit<NetlinkMessage, 'port'>): Uint8Array {
  const bytes = new Uint8Array(nlmsghdr.size + message.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(header.nlmsg_len.offset, bytes.length, true);
  view.setUint16(header.nlmsg_type.offset, message.type, true);
  view.setUint16(header.nlmsg_flags.offset, message.flags, true);
  view.setUint32(header.nlmsg_seq.offset, message.sequence, true);
  bytes.set(message.payload, nlmsghdr.size);
  return bytes;
}

/** The messages of one datagram, in order. Throws ParseError where a length says more than there is, or less than a header. */
export function* readMessages(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  for (let at = 0; at < datagram.length; ) {
    const left = datagram.length - at;
    if (left < nlmsghdr.size) throw lengthError(at, `the header of a message, not ${left} bytes`);
    const length = view.getUint32(at + header.nlmsg_len.offset, true);
    if (length < nlmsghdr.size || length > left) {
      throw lengthError(at, `a message of ${nlmsghdr.size} to ${left} bytes, not ${length}`);
    }
    yield {
      type: view.getUint16(at + header.nlmsg_type.offset, true),
      flags: view.getUint16(at + header.nlmsg_flags.offset, true),
      sequence: view.getUint32(at + header.nlmsg_seq.offset, true),
      port: view.getUint32(at + header.nlmsg_pid.offset, true),
      payload: datagram.subarray(at + nlmsghdr.size, at + length),
    };
    at += (length + 3) & ~3;
  }
}

function lengthError(offset: number, expectation: string): ParseError {
  return new ParseError('netlink', offset, `expected ${expectation}`);
}
