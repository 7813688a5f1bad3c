import { Errno, type NotSupportedError } from '../../errors/index.ts';
import { type DiagnosticLog, errorText, failure, type ObjectSpec } from '../../object/index.ts';
import { explainUnsupported, watchRefusals } from '../../probe/index.ts';
import type { Kernel } from '../../sys/index.ts';
import { createLink, type LinkRequest } from '../../bpf/index.ts';
import type { LoadedMap } from '../loaded-map.ts';
import { pinLink } from '../pin.ts';

export interface AttachContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
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
export interface AttachableProgram {
  readonly name: string;
  readonly fd: number;
  readonly spec: { readonly sectionName: string; readonly expectedAttachType: number; readonly type?: number };
}

/** An attachment. Closing it detaches the program unless the link is pinned. */
export class LoadedLink implements Disposable {
  /** A BPF link, or on old kernels the perf event itself; where one attachment took several links, the first. */
  readonly fd: number;
  readonly #kernel: Kernel;
  readonly #others: readonly number[];
  readonly #more: readonly LoadedLink[];
  #open = true;

  constructor(kernel: Kernel, fd: number, others: readonly number[] = [], more: readonly LoadedLink[] = []) {
    this.#kernel = kernel;
    this.fd = fd;
    this.#others = others;
    this.#more = more;
  }

  /** A pin holds one link: an attachment that took several ends with this process. */
  get isPinnable(): boolean {
    return this.#more.length === 0;
  }

  /** Pins the link, making its directory. 0 or -errno; `log` hears why the place will not do. */
  pin(path: string, log: DiagnosticLog = () => undefined): number {
    if (this.isPinnable) return pinLink({ kernel: this.#kernel, log }, this.fd, path);
    log('warn', `${this.#more.length} links of one attachment cannot be pinned at '${path}'`);
    return -Errno.EOPNOTSUPP;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const link of this.#more) link.close();
    if (this.isPinnable) this.#kernel.close(this.fd);
    for (const fd of this.#others) this.#kernel.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Several links, one at least, as one attachment. */
export function joinLinks(kernel: Kernel, links: readonly LoadedLink[]): LoadedLink {
  const [first, ...more] = links;
  return more.length === 0 ? first! : new LoadedLink(kernel, first!.fd, [], links);
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
  const { fd, tooOld } = tryLink(context.kernel, { ...request, programFd: program.fd });
  if (fd >= 0) return new LoadedLink(context.kernel, fd);
  const text = `prog '${program.name}': failed to attach to ${request.to}: ${errorText(fd)}`;
  throw failure(context.log, -fd, text, tooOld);
}

/** The part of a section's name after the first slash that follows one of the stems; '' for a bare stem. */
export function sectionRest(sectionName: string): string {
  const slash = sectionName.indexOf('/');
  return slash < 0 ? '' : sectionName.slice(slash + 1);
}
