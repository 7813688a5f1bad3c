import { Errno, type NotSupportedError, SyscallError, UsageError } from '../../errors/index.ts';
import { type DiagnosticLog, errorText, failure, type ObjectSpec } from '../../object/index.ts';
import { explainUnsupported, watchRefusals } from '../../probe/index.ts';
import { BpfLink, type LinkDetails, linkDetails, type LinkInfo, type WithDescriptor } from '../../kernel/index.ts';
import type { LinkTypeName } from '../../uapi/index.ts';
import { Fd, type Kernel } from '../../sys/index.ts';
import { createLink, type LinkRequest } from '../../bpf/index.ts';
import type { LoadedMap } from '../loaded-map.ts';
import { pinLink } from '../pin.ts';
import { fdOf, type WithFd } from '../fd-of.ts';

/** Where and with what diagnostics something is attached. */
export interface AttachContext {
  readonly kernel: Kernel;
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog | undefined;
  /** The object of the program: where statically defined probes of user programs are described for it. */
  readonly object?: UsdtObject;
}

/** What attaching to statically defined probes needs of a loaded object. */
export interface UsdtObject {
  readonly spec: ObjectSpec;
  map(name: string): LoadedMap | undefined;
  takeUsdtSpec(): number;
}

/** What attaching needs of a loaded program. */
export interface AttachableProgram extends WithFd {
  readonly name: string;
  readonly spec: { readonly sectionName: string; readonly expectedAttachType: number; readonly type?: number };
}

/** An attachment. Closing it detaches the program unless the link is pinned. */
export class LoadedLink implements Disposable {
  /** A BPF link, or on old kernels the perf event itself; where one attachment took several links, the first. */
  readonly link: BpfLink;
  readonly #others: readonly Fd[];
  #more: readonly LoadedLink[] = [];

  /** Takes over `fd` and those of `others`, which last as long as it. */
  constructor(kernel: Kernel, fd: number, others: readonly number[] = []) {
    this.link = new BpfLink(kernel, fd, { isKnown: true });
    this.#others = others.map((other) => new Fd(kernel, other));
  }

  /** Several links, one at least, as one attachment. */
  static join(links: readonly LoadedLink[]): LoadedLink {
    const [first, ...others] = links;
    if (first !== undefined && others.length > 0) first.#more = others;
    return first!;
  }

  /** A pin holds one link: an attachment that took several ends with this process. */
  get isPinnable(): boolean {
    return this.#more.length === 0;
  }

  get fd(): Fd {
    return this.link.fd;
  }

  /** What the kernel says of the link. Throws SyscallError; UsageError for a perf event. */
  info(): LinkInfo {
    return this.#ofLink(() => this.link.info());
  }

  /** Its type by name, `xdp`; undefined for one newer than this version. Throws SyscallError; UsageError for a perf event. */
  get type(): LinkTypeName | undefined {
    return this.#ofLink(() => this.link.type);
  }

  /** The kernel says EINVAL of all that it has no information of. */
  #ofLink<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      const isNoLink = cause instanceof SyscallError && cause.errno === Errno.EINVAL;
      if (!isNoLink || this.link.kernel.readLink(`/proc/self/fd/${this.fd.number}`) !== 'anon_inode:[perf_event]')
        throw cause;
      const message =
        'this attachment is a perf event, of which the kernel tells nothing: links of perf events came with Linux 5.15';
      throw new UsageError(message, { cause });
    }
  }

  /** What the link's type adds to `info`: the hook, the function … Undefined where there is nothing. Throws SyscallError. */
  details(): LinkDetails | undefined {
    return linkDetails(this.info());
  }

  /** As of `BpfLink`. */
  update(to: WithDescriptor, options?: { readonly expected?: WithDescriptor }): void {
    this.link.update(to, options);
  }

  /** As of `BpfLink`: what an iterator's program writes. */
  read(): Uint8Array {
    return this.link.read();
  }

  readText(): string {
    return this.link.readText();
  }

  /** Pins the link, making its directory. ObjectError, of which `log` hears why the place will not do. */
  pin(path: string, log?: DiagnosticLog): void {
    if (!this.isPinnable) {
      const text = `${this.#more.length + 1} links of one attachment cannot be pinned at '${path}'`;
      throw failure(log, Errno.EOPNOTSUPP, text);
    }
    pinLink({ kernel: this.link.kernel, log }, this.fd.number, path);
  }

  /** Closing again does nothing. */
  close(): void {
    for (const link of this.#more) link.close();
    this.link.close();
    for (const fd of this.#others) fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The descriptor of a new link or -errno, and with that, where the kernel is too old for the link, the error that says so. */
export function tryLink(kernel: Kernel, request: LinkRequest): { fd: number; tooOld: { cause?: NotSupportedError } } {
  const { kernel: watched, lastRefusal } = watchRefusals(kernel);
  const fd = createLink(watched, request);
  const refusal = fd < 0 ? lastRefusal() : undefined;
  const cause = refusal && explainUnsupported(kernel, refusal);
  return { fd, tooOld: cause === undefined ? {} : { cause } };
}

/** Makes a link, or throws ObjectError after libbpf's warning. `to` names the target for it. */
export function link(
  context: AttachContext,
  program: AttachableProgram,
  request: Omit<LinkRequest, 'programFd'> & { to: string },
): LoadedLink {
  const { fd, tooOld } = tryLink(context.kernel, { ...request, programFd: fdOf(program) });
  if (fd >= 0) return new LoadedLink(context.kernel, fd);
  const text = `prog '${program.name}': failed to attach to ${request.to}: ${errorText(fd)}`;
  throw failure(context.log, -fd, text, tooOld);
}

/** The part of a section's name after the first slash that follows one of the stems; '' for a bare stem. */
export function sectionRest(sectionName: string): string {
  const slash = sectionName.indexOf('/');
  return slash < 0 ? '' : sectionName.slice(slash + 1);
}
