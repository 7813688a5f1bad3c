// What keeps an object alive, of what an inventory has: each reference as the kernel counts them.
import { allRecords, isAlone } from './identity.ts';
import type { AnyRecord, Attachment, Inventory, MapRecord } from './records.ts';

export interface Reference {
  readonly kind: 'descriptor' | 'pin' | 'link' | 'program' | 'map' | 'attachment' | 'dispatcher' | 'self';
  /** The object that refers to it, where it is one. */
  readonly by?: { readonly kind: AnyRecord['kind']; readonly id: number };
  /** In words. */
  readonly text: string;
  /** How many references of the kernel it is. */
  readonly count: number;
  /** What ends it, as a command; undefined where there is none. */
  readonly remedy?: string;
}

/** Descriptors of one file: that a process duplicated or its children have inherited is one reference. */
export type SharedFiles = (at: { readonly pid: number; readonly fd: number }[]) => number;

/**
 * Everything that refers to an object. `files` counts the open files behind descriptors; without it each descriptor
 * counts. References that no list of the kernel shows (sockets, routes, timers, memory mappings) are not in it.
 */
export function referencesTo(inventory: Inventory, record: AnyRecord, files?: SharedFiles): Reference[] {
  const found: Reference[] = [...descriptors(record, files), ...pins(record)];
  if (record.kind === 'prog') found.push(...toProgram(inventory, record.id));
  if (record.kind === 'map') found.push(...toMap(inventory, record));
  if (record.kind !== 'link') found.push(...contents(inventory, record));
  if (record.kind === 'btf') {
    for (const user of allRecords(inventory)) {
      if (!('btfId' in user) || user.btfId !== record.id) continue;
      found.push(by(user, `types of ${titleOf(user)}`));
    }
  }
  return found;
}

/** `program 5 'name'`: an object as people read it. */
export function titleOf({ kind, id, name }: Pick<AnyRecord, 'kind' | 'id' | 'name'>): string {
  const word = { prog: 'program', map: 'map', link: 'link', btf: 'BTF' }[kind];
  return `${word} ${id}${name === '' ? '' : ` '${name}'`}`;
}

function by(record: AnyRecord, text: string, more: Partial<Reference> = {}): Reference {
  const kind = record.kind === 'prog' ? 'program' : record.kind === 'link' ? 'link' : 'map';
  return { kind, by: { kind: record.kind, id: record.id }, text, count: 1, ...more };
}

function descriptors({ holders }: AnyRecord, files: SharedFiles | undefined): Reference[] {
  const all = holders.flatMap(({ pid, fds }) => fds.map((fd) => ({ pid, fd })));
  const count = files === undefined ? all.length : files(all);
  let shared = all.length - count;
  return holders.map(({ pid, comm, fds }) => {
    // Those that others have, too, are counted for the first of them.
    const own = Math.max(0, fds.length - shared);
    shared -= fds.length - own;
    const numbers = fds.length === 1 ? `descriptor ${fds[0]}` : `descriptors ${fds.join(', ')}`;
    const note = own === fds.length ? '' : ` (shared: ${own} more)`;
    return {
      kind: 'descriptor',
      text: `process ${comm}(${pid}), ${numbers}${note}`,
      count: own,
      remedy: `kill ${pid}`,
    };
  });
}

function pins({ pins: all }: AnyRecord): Reference[] {
  const files = new Set<string>();
  return all.map(({ path, pid, file }) => {
    const isFirst = !files.has(file);
    files.add(file);
    const where = pid === 0 ? '' : `, in the mount namespace of process ${pid}`;
    const remedy = `${pid === 0 ? '' : `nsenter -t ${pid} -m `}rm ${shellWord(path)}`;
    return {
      kind: 'pin',
      text: `pin ${path}${where}${isFirst ? '' : ' (the same file)'}`,
      count: isFirst ? 1 : 0,
      remedy,
    };
  });
}

function toProgram(inventory: Inventory, id: number): Reference[] {
  const found: Reference[] = [];
  for (const link of inventory.links) {
    const place = [link.type, link.hook, link.target].filter((word) => word !== '').join(' ');
    const remedy = `tsbpftool link detach id ${link.id}`;
    if (link.programId === id) {
      // An event, the driver of a device and a map of sockets count the program once more than the link does.
      const isTwice = ['perf_event', 'xdp', 'sockmap'].includes(link.type) && !link.isDetached;
      const twice = isTwice ? { count: 2 } : {};
      found.push(
        by(link, `link ${link.id}: ${place}${isTwice ? ', and what it is attached to' : ''}`, { remedy, ...twice }),
      );
    }
    if (link.targetProgramId === id)
      found.push(by(link, `link ${link.id}: ${place}, which is at this program`, { remedy }));
  }
  const events = inventory.links.filter(({ programId, type }) => programId === id && type === 'perf_event').length;
  let ofLinks = events;
  for (const at of inventory.attachments) {
    if (at.programId !== id || !isAlone(at)) continue;
    // The descriptor of an event that a link has taken over is no further reference.
    if (at.via === 'perf' && ofLinks-- > 0) continue;
    const isDriver = at.via === 'net' && at.hook.startsWith('xdp');
    const remedy = remedyOf(at);
    const text = `attached to ${at.target} (${at.hook})${at.via === 'perf' ? ` by process ${at.pid}, descriptor ${at.fd}` : ''}`;
    found.push({ kind: 'attachment', text, count: isDriver ? 2 : 1, ...(remedy === undefined ? {} : { remedy }) });
  }
  const isXdp = ({ programId, via, hook, linkId }: Attachment) =>
    programId === id && ((via === 'net' && hook.startsWith('xdp')) || (linkId !== 0 && hook === 'xdp'));
  if (inventory.attachments.some(isXdp)) {
    found.push({ kind: 'dispatcher', text: 'the dispatcher of XDP programs, as long as it is attached', count: 1 });
  }
  return found;
}

function toMap(inventory: Inventory, map: MapRecord): Reference[] {
  const found: Reference[] = [];
  for (const program of inventory.programs) {
    const remedy = `tsbpftool why prog id ${program.id}`;
    if (program.mapIds.includes(map.id)) found.push(by(program, `${titleOf(program)} uses it`, { remedy }));
  }
  const links = inventory.links.filter(({ mapId }) => mapId === map.id);
  for (const link of links) {
    found.push(by(link, `link ${link.id}: ${link.type}`, { remedy: `tsbpftool link detach id ${link.id}` }));
  }
  if (map.type === 'struct_ops' && map.contents.length > 0 && links.length === 0) {
    const remedy = `tsbpftool struct_ops unregister id ${map.id}`;
    found.push({ kind: 'self', text: 'its operations are registered', count: 1, remedy });
  }
  return found;
}

/** Elements of maps that name it. */
function contents(inventory: Inventory, record: AnyRecord): Reference[] {
  return inventory.maps.flatMap((map) =>
    map.contents
      .filter(({ kind, id }) => kind === record.kind && id === record.id)
      .map(({ key }) => {
        const isNumber = map.keyBytes === 4 && /^\d+$/.test(key);
        const bytes = isNumber ? [0, 8, 16, 24].map((shift) => (Number(key) >>> shift) & 0xff).join(' ') : '';
        const hex = isNumber ? bytes : `hex ${key.match(/../g)?.join(' ')}`;
        const isStruct = map.type === 'struct_ops';
        const remedy = isStruct
          ? `tsbpftool struct_ops unregister id ${map.id}`
          : `tsbpftool map delete id ${map.id} key ${hex}`;
        return by(map, `${titleOf(map)}, element ${key}`, { remedy });
      }),
  );
}

function remedyOf({ via, hook, target, programId, pid, mapId }: Attachment): string | undefined {
  if (via === 'perf') return `kill ${pid}`;
  if (via === 'cgroup') return `tsbpftool cgroup detach ${shellWord(target)} ${hook} id ${programId}`;
  if (via === 'sockmap') return `tsbpftool prog detach id ${programId} ${hook} id ${mapId}`;
  if (via !== 'net') return undefined;
  const [device, network] = /^(.*) \((?:netns )?([^()]*)\)$/.exec(target)?.slice(1) ?? [target];
  const inside =
    network === undefined ? '' : network.startsWith('net:') ? undefined : `ip netns exec ${shellWord(network)} `;
  if (inside === undefined) return undefined;
  const dev = `dev ${shellWord(device!)}`;
  const mode = { generic: 'xdpgeneric', driver: 'xdpdrv', offload: 'xdpoffload' }[hook.slice('xdp '.length)];
  if (hook.startsWith('xdp ')) return `${inside}tsbpftool net detach ${mode} ${dev}`;
  if (hook.startsWith('tcx/')) return `${inside}tsbpftool net detach ${hook.replace('/', '_')} id ${programId} ${dev}`;
  const side = /^tc clsact\/(ingress|egress)/.exec(hook)?.[1];
  return side === undefined ? undefined : `${inside}tc filter del ${dev} ${side}`;
}

/** A word as a POSIX shell takes it. */
function shellWord(text: string): string {
  return /^[\w/.:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const elsewhere = [
  'descriptors on their way in Unix sockets, or registered with io_uring',
  'processes that this one may not look into',
];
const causes: Readonly<Record<AnyRecord['kind'], readonly string[]>> = {
  prog: [
    'sockets that have it attached (SO_ATTACH_BPF)',
    'perf events of clocks and counters that have it attached without a link (PERF_EVENT_IOC_SET_BPF)',
    'routes (lwt_bpf), timers that call it, and filters of network namespaces without a process or name',
    'an extension program that was loaded for it, open iterators, and drivers that count it once for each queue',
    ...elsewhere,
  ],
  map: [
    'memory mappings whose descriptor was closed (/proc/PID/maps: bpf-map)',
    'programs that are just being freed',
    ...elsewhere,
  ],
  link: ['mount namespaces without a process', ...elsewhere],
  btf: elsewhere,
};

/** What may hold the references that `referencesTo` does not find. */
export function likelyCauses({ kind }: AnyRecord): readonly string[] {
  return causes[kind];
}
