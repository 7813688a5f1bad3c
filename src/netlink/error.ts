import { ParseError, strerror, TsbpfError } from '../errors/index.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS, nlmsgerr } from '../uapi/index.ts';
import { Attributes } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';

/** libbpf's numbers for answers that are not what netlink promises; the kernel's own errnos are below 4000. */
export const NetlinkErrno = { WRONG_PORT: 4011, WRONG_SEQUENCE: 4012, MALFORMED: 4013 } as const;

const texts: Readonly<Record<number, string>> = {
  [NetlinkErrno.WRONG_PORT]: 'Wrong pid in netlink message',
  [NetlinkErrno.WRONG_SEQUENCE]: 'Invalid netlink sequence',
  [NetlinkErrno.MALFORMED]: 'Incorrect netlink message parsing',
};

/**
 * What the kernel adds to an errno ("extended acknowledgement"): a sentence, nothing but a place in the request, or
 * attributes that cannot be read.
 */
export type ExtendedAck = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'silent' | 'malformed' };

/** The kernel refused a netlink request, or its answer cannot be used. `errno` is positive: the kernel's, or a `NetlinkErrno`. */
export class NetlinkError extends TsbpfError {
  override readonly errno: number;
  readonly extendedAck: ExtendedAck | undefined;
  /** What the errno means, without the kernel's sentence. */
  readonly summary: string;

  constructor(
    errno: number,
    options: { extendedAck?: ExtendedAck | undefined; detail?: string; cause?: unknown } = {},
  ) {
    const { extendedAck, detail } = options;
    const text = texts[errno] ?? strerror(errno);
    const summary = detail === undefined ? text : `${text}: ${detail}`;
    super('ERR_NETLINK', extendedAck?.kind === 'text' ? `${summary}: ${extendedAck.text}` : summary, {
      cause: options.cause,
    });
    this.errno = errno;
    this.extendedAck = extendedAck;
    this.summary = summary;
  }
}

/** Runs a parser of an answer; what is not as the format says becomes a NetlinkError. */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw new NetlinkError(NetlinkErrno.MALFORMED, { detail: cause.message, cause });
  }
}

/**
 * The error that a message of type NLMSG_ERROR reports, or undefined for an acknowledgement (errno 0).
 * The message holds the errno, the request (only its header where NLM_F_CAPPED is set) and, with NLM_F_ACK_TLVS,
 * attributes. Throws ParseError where even the errno is missing.
 */
export function readError(message: NetlinkMessage): NetlinkError | undefined {
  const { payload } = message;
  if (payload.length < nlmsgerr.size) {
    throw new ParseError('netlink error', payload.length, `expected ${nlmsgerr.size} bytes`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const errno = view.getInt32(nlmsgerr.members.error.offset, true);
  if (errno === 0) return undefined;
  return new NetlinkError(Math.abs(errno), { extendedAck: readExtendedAck(message, view) });
}

/**
 * The errno at the end of a dump (NLMSG_DONE), or undefined where all is well. Kernels before 2.6.20 sent no number; a
 * dump that failed half-way ends with a negative one.
 */
export function readDone({ payload }: NetlinkMessage): NetlinkError | undefined {
  if (payload.length < 4) return undefined;
  const result = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(0, true);
  return result < 0 ? new NetlinkError(-result) : undefined;
}

function readExtendedAck({ flags, payload }: NetlinkMessage, view: DataView): ExtendedAck | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return undefined;
  const { size, members } = nlmsgerr;
  // Without NLM_F_CAPPED the whole request stands between the errno and the attributes.
  const request = (flags & NLM_F_CAPPED) === 0 ? view.getUint32(members['msg.nlmsg_len'].offset, true) : 16;
  const begin = size - 16 + request;
  if (request < 16 || begin > payload.length) return { kind: 'malformed' };
  try {
    const attributes = new Attributes(payload.subarray(begin));
    // libbpf checks this number though nothing uses it.
    attributes.u32(NLMSGERR_ATTR_OFFS);
    const text = attributes.get(NLMSGERR_ATTR_MSG);
    if (text === undefined) return { kind: 'silent' };
    if (text.at(-1) !== 0) return { kind: 'malformed' };
    return { kind: 'text', text: attributes.text(NLMSGERR_ATTR_MSG)! };
  } catch (error) {
    if (error instanceof ParseError) return { kind: 'malformed' };
    throw error;
  }
}
