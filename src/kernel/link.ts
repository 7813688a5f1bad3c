import { Errno, UsageError } from '../errors/index.ts';
import { checkResult, Fd, type Kernel } from '../sys/index.ts';
import {
  bpf_link_info,
  bpf_link_type,
  enumNames,
  linkType,
  type LinkTypeName,
  structView,
  type StructView,
} from '../uapi/index.ts';
import { detachLink, mustInfo, openFdById, openIterator, updateLink } from '../bpf/index.ts';
import { type AdoptOptions, adoptPinned, BpfObject } from './object.ts';

export type LinkInfoField = keyof (typeof bpf_link_info)['members'] & string;

/** `struct bpf_link_info`: common members, the type's own through `view`, and the strings and arrays it points to. */
export interface LinkInfo {
  readonly type: number;
  readonly id: number;
  readonly programId: number;
  /** Members by kernel path, e.g. `tracing.attach_type`. */
  readonly view: StructView<typeof bpf_link_info>;
  /** Tracepoint, function, file or iterator target name; empty where the type has none. */
  readonly name: string;
  /** Per attached site: addresses or offsets, cookies, and reference counter offsets of the multi links. */
  readonly addresses: bigint[];
  readonly cookies: bigint[];
  readonly refCounterOffsets: bigint[];
}

/** A program or map, as the library gives it. */
export interface WithDescriptor {
  readonly fd: { readonly number: number };
}

function descriptorOf(object: WithDescriptor): number {
  const number = (object as WithDescriptor | undefined)?.fd?.number;
  if (number === undefined || !Number.isInteger(number))
    throw new UsageError('a link is updated to a program (or a struct_ops map): give it as it is');
  return number;
}

/** A live link. */
export class BpfLink extends BpfObject {
  /** Takes over `fd`. Throws UsageError, and leaves it the caller's, if it is of something else. */
  constructor(kernel: Kernel, fd: number, options?: AdoptOptions) {
    super(kernel, fd, 'link', options);
  }

  static openById(kernel: Kernel, id: number): BpfLink {
    return new BpfLink(kernel, checkResult(`open link ${id}`, openFdById(kernel, 'link', id)), { isKnown: true });
  }

  static openPinned(kernel: Kernel, path: string): BpfLink {
    return adoptPinned(kernel, { path }, (fd) => new BpfLink(kernel, fd));
  }

  /** Forces the link off its hook; the link itself stays. Throws SyscallError. */
  detach(): void {
    checkResult('failed to detach a link', this.tryDetach());
  }

  /** @internal As `detach`: 0, or -errno. */
  tryDetach(): number {
    return detachLink(this.kernel, this.fd.number);
  }

  /** Its type by name, `tracing`; undefined for one newer than this version. Throws SyscallError. */
  get type(): LinkTypeName | undefined {
    return enumNames.linkType.nameOf(this.commonInfo().u32('type'));
  }

  /**
   * Has the link run another program of the same kind from now on, at once: no event is missed. With `expected`, only if that is
   * what it runs now (EPERM if not). Links of struct_ops take a map. Some kinds cannot: tracing, perf events (EINVAL). Throws
   * SyscallError. Since 5.7.
   */
  update(to: WithDescriptor, { expected }: { readonly expected?: WithDescriptor } = {}): void {
    const newFd = descriptorOf(to);
    const oldFd = expected === undefined ? undefined : descriptorOf(expected);
    const result = updateLink(this.kernel, { linkFd: this.fd.number, newFd, oldFd });
    const hint =
      result === -Errno.EINVAL ? ' (links of its type, or programs of that, cannot be changed so: attach anew)' : '';
    checkResult(
      `update the link${result === -Errno.EPERM && oldFd !== undefined ? ' (it runs another program than expected)' : hint}`,
      result,
    );
  }

  /**
   * Has an iterator's program run for every object there is: what it writes, as bytes. UsageError for a link of another type.
   * Throws SyscallError.
   */
  read(): Uint8Array {
    const { kernel } = this;
    if (this.type !== 'iter')
      throw new UsageError(`a link of type ${this.type} is not read: that is for iterators (iter/…)`);
    using run = new Fd(kernel, checkResult('run the iterator', openIterator(kernel, this.fd.number)));
    const parts: Uint8Array[] = [];
    const chunk = new Uint8Array(1 << 16);
    for (;;) {
      const count = kernel.read(run.number, chunk);
      if (count === -Errno.EAGAIN || count === -Errno.EINTR) continue;
      if (checkResult('read the iterator', count) === 0) break;
      parts.push(chunk.slice(0, count));
    }
    return Buffer.concat(parts);
  }

  /** As `read`, as UTF-8. */
  readText(): string {
    return new TextDecoder().decode(this.read());
  }

  /** What one call tells: numbers, without the strings and arrays that `info` fetches. Throws SyscallError. */
  commonInfo(): StructView<typeof bpf_link_info> {
    return mustInfo(this.kernel, this.fd.number, structView(bpf_link_info));
  }

  info(): LinkInfo {
    const { kernel } = this;
    const view = this.commonInfo();
    const name = new Uint8Array(4096);
    const arrays = {
      addresses: new BigUint64Array(0),
      cookies: new BigUint64Array(0),
      counters: new BigUint64Array(0),
    };
    const room = (count: number, field: LinkInfoField) => {
      const array = new BigUint64Array(count);
      view.receive(field, new Uint8Array(array.buffer));
      return array;
    };
    const type = view.u32('type');
    const row = linkType(type);
    if (row?.text) view.receive(row.text.at, name).set(row.text.size, name.length);
    if (row?.arrays) {
      const count = view.u32(row.arrays.count);
      arrays.addresses = room(count, row.arrays.addresses);
      arrays.cookies = room(count, row.arrays.cookies);
      if (row.arrays.counters) arrays.counters = room(count, row.arrays.counters);
    }
    const isEvent = type === bpf_link_type.BPF_LINK_TYPE_PERF_EVENT;
    const again = isEvent ? this.#pointPerfEventName(view, name) : (row?.text ?? row?.arrays) !== undefined;
    if (again) mustInfo(kernel, this.fd.number, view);
    const end = name.indexOf(0);
    return {
      type,
      id: view.u32('id'),
      programId: view.u32('prog_id'),
      view,
      name: new TextDecoder().decode(name.subarray(0, Math.max(0, end))),
      addresses: [...arrays.addresses],
      cookies: [...arrays.cookies],
      refCounterOffsets: [...arrays.counters],
    };
  }

  #pointPerfEventName(view: StructView<typeof bpf_link_info>, name: Uint8Array): boolean {
    const pointer = ([undefined, 'uprobe', 'uprobe', 'kprobe', 'kprobe', 'tracepoint'] as const)[
      view.u32('perf_event.type')
    ];
    if (pointer === undefined) return false;
    const text = { uprobe: 'file_name', kprobe: 'func_name', tracepoint: 'tp_name' }[pointer];
    view.receive(`perf_event.${pointer}.${text}` as LinkInfoField, name);
    view.set(`perf_event.${pointer}.name_len`, name.length);
    return true;
  }
}
