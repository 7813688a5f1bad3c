import { Errno } from '../../../errors/index.ts';
import { arch } from 'node:process';
import { cString } from '../../../bytes/index.ts';
import { errorText, failure, LibbpfErrno } from '../../../object/index.ts';
import { bpf_attach_type } from '../../../uapi/index.ts';
import { createLink } from '../../../bpf/index.ts';
import { setElement } from '../../../kernel/index.ts';
import type { LoadedMap } from '../../loaded-map.ts';
import { resolveBinary } from '../binary.ts';
import { openBinary } from '../functions.ts';
import { type AttachableProgram, type AttachContext, LoadedLink } from '../link.ts';
import { attachPerfEvent } from '../perf-event.ts';
import { openProbe } from '../probe-event.ts';
import { parseUsdtArguments } from './arguments.ts';
import { type UsdtPlace, usdtPlaces } from './places.ts';
import { encodeUsdtSpec } from './spec.ts';
import { fdOf } from '../../fd-of.ts';

/** A statically defined probe of a binary. */
export interface UsdtTarget {
  /** A path, or a bare name of a library or program. */
  readonly binary: string;
  readonly provider: string;
  readonly name: string;
}

/**
 * Attaches to every place of a statically defined probe, in all processes. Before Linux 6.6 a probe at several places
 * takes a link for each, which cannot be pinned.
 */
export function attachUsdt(context: AttachContext, program: AttachableProgram, target: UsdtTarget): LoadedLink {
  const { log } = context;
  const path = resolveBinary(context, program, target.binary);
  const specs = context.object?.map('__bpf_usdt_specs');
  if (!specs || !context.object?.map('__bpf_usdt_ip_to_spec_id')) {
    const text = 'usdt: failed to find USDT support BPF maps, did you forget to include bpf/usdt.bpf.h?';
    throw failure(log, Errno.ESRCH, text);
  }
  using file = openBinary(context, path, { isArchive: false });
  let places: UsdtPlace[];
  try {
    places = usdtPlaces(file, { path, ...target }, log);
  } catch (cause) {
    if ((cause as { errno?: number }).errno !== undefined) throw cause;
    throw failure(log, LibbpfErrno.FORMAT, `elf: could not read elf from ${path}: invalid ELF file`, { cause });
  }
  const probe = `'${target.provider}:${target.name}'`;
  if (places.length === 0) throw failure(undefined, Errno.ENOENT, `there is no probe ${probe} in '${path}'`);
  const ids = writeSpecs(context, specs, places, `${probe.slice(1, -1)}`, path);
  return attachPlaces(context, program, { path, probe, places, ids });
}

/** Attaches where the section says: `usdt/libc.so.6:libc:setjmp`. Undefined for a bare `usdt`. */
export function autoAttachUsdt(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (sectionName === 'usdt') return undefined;
  const match = /^usdt\/([^:]+):([^:]+):([^:]+)/.exec(sectionName);
  if (!match) {
    const text = `invalid section '${sectionName}', expected SEC("usdt/<path>:<provider>:<name>")`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  return attachUsdt(context, program, { binary: match[1]!, provider: match[2]!, name: match[3]! });
}

/** One spec for all places whose arguments are noted alike. Answers the spec of each place. */
function writeSpecs(
  context: AttachContext,
  map: LoadedMap,
  places: readonly UsdtPlace[],
  probe: string,
  path: string,
): number[] {
  const { kernel, log, object } = context;
  const known = new Map<string, number>();
  return places.map((place) => {
    // A probe in code that is inlined has many places, mostly with the same arguments.
    const before = known.get(place.arguments);
    if (before !== undefined) return before;
    const list = parseUsdtArguments(place.arguments, probe, arch, log);
    const value = encodeUsdtSpec(object!.spec.btf!, map.spec.valueTypeId, list, log);
    const id = object!.takeUsdtSpec();
    if (id >= map.maxEntries) throw failure(undefined, Errno.E2BIG, `${map.name} has no room for a probe's arguments`);
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, id, true);
    const result = setElement(kernel, map.fd.number, { key, value });
    if (result < 0) {
      throw failure(
        log,
        -result,
        `usdt: failed to set USDT spec #${id} for '${probe}' in '${path}': ${errorText(result)}`,
      );
    }
    known.set(place.arguments, id);
    return id;
  });
}

function attachPlaces(
  context: AttachContext,
  program: AttachableProgram,
  at: { path: string; probe: string; places: readonly UsdtPlace[]; ids: readonly number[] },
): LoadedLink {
  const { kernel, log } = context;
  const { path, probe, places, ids } = at;
  const words = (list: readonly number[]) => new Uint8Array(BigUint64Array.from(list.map(BigInt)).buffer);
  // The cookie of each place is the id of its spec, by which bpf_usdt_arg() finds where the arguments are.
  const [offsets, counters, cookies] = [
    words(places.map(({ offset }) => offset)),
    words(places.map(({ semaphore }) => semaphore)),
    words(ids),
  ];
  const fd = createLink(kernel, {
    programFd: fdOf(program),
    target: 0,
    attachType: bpf_attach_type.BPF_TRACE_UPROBE_MULTI,
    details: {
      'uprobe_multi.path': cString(path),
      'uprobe_multi.offsets': offsets,
      'uprobe_multi.ref_ctr_offsets': counters,
      'uprobe_multi.cookies': cookies,
      'uprobe_multi.cnt': places.length,
    },
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  // EINVAL is the answer of kernels that do not know the attach type.
  if (fd !== -Errno.EINVAL) {
    log?.('warn', `prog '${program.name}': failed to attach multi-uprobe: ${errorText(fd)}`);
    throw failure(log, -fd, `usdt: failed to attach uprobe multi for ${probe} in '${path}': ${errorText(fd)}`);
  }
  return attachOneByOne(context, program, at);
}

/** Kernels before 6.6 take a probe of their own for each place. */
function attachOneByOne(
  context: AttachContext,
  program: AttachableProgram,
  { path, probe, places, ids }: Parameters<typeof attachPlaces>[2],
): LoadedLink {
  const links: LoadedLink[] = [];
  try {
    for (const [index, { offset, semaphore }] of places.entries()) {
      const fd = openProbe(context, { kind: 'uprobe', name: path, offset, semaphore, atReturn: false, pid: -1 });
      if (fd < 0) {
        const text = `usdt: failed to attach uprobe #${index} for ${probe} in '${path}': ${errorText(fd)}`;
        throw failure(context.log, -fd, text);
      }
      links.push(attachPerfEvent(context, program, { fd, cookie: BigInt(ids[index]!) }));
    }
    return LoadedLink.join(links);
  } catch (error) {
    for (const link of links) link.close();
    throw error;
  }
}
