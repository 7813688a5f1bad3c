// Programs that run without a link: at devices, network namespaces and control groups.
import { openFdById, queryAttached } from '../bpf/index.ts';
import { SyscallError, TsbpfError } from '../errors/index.ts';
import { cgroupRoot } from '../host/index.ts';
import {
  type CgroupHook,
  CgroupQueries,
  cgroupHooks,
  CLONE_NEWNET,
  DeviceFilters,
  Fd,
  networkDevices,
  RouteNetlink,
  visitDeviceHooks,
} from '../kernel/index.ts';
import { xdpPrograms } from '../netlink/index.ts';
import { checkResult, type Kernel, O_RDONLY } from '../sys/index.ts';
import { attachTypeName, BPF_F_RDONLY, bpf_attach_type, progTypeName } from '../uapi/index.ts';
import { namespaces } from './pins.ts';
import type { Attachment, MapRecord, ProgramRecord } from './records.ts';

export type NewAttachment = Pick<Attachment, 'programId' | 'via' | 'hook' | 'target'> & Partial<Attachment>;

/** An attachment in which the ids that do not apply are 0. */
export function attachment(parts: NewAttachment): Attachment {
  return { linkId: 0, mapId: 0, pid: 0, fd: 0, ...parts };
}

const ownNetwork = '/proc/self/ns/net';
const namedNetworks = '/run/netns';

/** Programs at the devices of the network namespace that the process is in, and at the namespace itself. */
export function networkAttachments(kernel: Kernel, where = ''): Attachment[] {
  const found: Attachment[] = [];
  using netlink = new RouteNetlink(kernel);
  const filters = new DeviceFilters(netlink);
  const note = (device: string, hook: string, programId: number | undefined, linkId = 0) => {
    if (programId !== undefined)
      found.push(attachment({ programId, via: 'net', hook, target: device + where, linkId }));
  };
  for (const device of networkDevices(netlink)) {
    if (device.xdp !== undefined) {
      for (const { mode, id } of xdpPrograms(device.xdp)) note(device.name, `xdp ${mode}`, id);
    }
    visitDeviceHooks(kernel, device, ({ place, programId, linkId }) => note(device.name, place, programId, linkId));
    filters.visit(device.index, ({ place, programId, actions }) => {
      note(device.name, `tc ${place}`, programId);
      for (const action of actions ?? []) note(device.name, `tc ${place} action`, action.programId);
    });
  }
  const dissector = bpf_attach_type.BPF_FLOW_DISSECTOR;
  const fd = kernel.open(ownNetwork, O_RDONLY);
  if (fd < 0) return found;
  using namespace = new Fd(kernel, fd);
  const answer = queryAttached(kernel, { targetFd: namespace.number, attachType: dissector });
  if (typeof answer === 'number') return found;
  for (const { id } of answer.programs) {
    found.push(attachment({ programId: id, via: 'netns', hook: 'flow_dissector', target: `network${where}` }));
  }
  return found;
}

/**
 * As `networkAttachments`, of all network namespaces that have a process or a name: this thread enters each and comes
 * back. Throws SyscallError where it cannot come back.
 */
export function allNetworkAttachments(kernel: Kernel, pids: readonly number[], missing: string[]): Attachment[] {
  const found = networkAttachments(kernel);
  const own = new Fd(kernel, checkResult(`open ${ownNetwork}`, kernel.open(ownNetwork, O_RDONLY)));
  const seen = new Set([kernel.statusFollowing(ownNetwork).inode]);
  try {
    for (const { name, path } of networks(kernel, pids)) {
      try {
        const { inode } = kernel.statusFollowing(path);
        if (seen.has(inode)) continue;
        seen.add(inode);
        using other = new Fd(kernel, checkResult(`open ${path}`, kernel.open(path, O_RDONLY)));
        checkResult(`enter network namespace ${name}`, kernel.setNamespace(other.number, CLONE_NEWNET));
        try {
          found.push(...networkAttachments(kernel, ` (${name})`));
        } finally {
          checkResult('return to the network namespace', kernel.setNamespace(own.number, CLONE_NEWNET));
        }
      } catch (error) {
        if (!(error instanceof TsbpfError) || (error instanceof SyscallError && error.call.startsWith('return')))
          throw error;
        missing.push(`attachments in network namespace ${name} are missing: ${error.message}`);
      }
    }
  } finally {
    own.close();
  }
  return found;
}

/** Named ones first, since their names say more. */
function networks(kernel: Kernel, pids: readonly number[]): { name: string; path: string }[] {
  let names: string[] = [];
  try {
    names = kernel.listDirectory(namedNetworks);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
  const ofProcesses = namespaces(kernel, pids, 'net').map(({ pid, name }) => ({ name, path: `/proc/${pid}/ns/net` }));
  return [...names.map((name) => ({ name: `netns ${name}`, path: `${namedNetworks}/${name}` })), ...ofProcesses];
}

const { BPF_SK_SKB_STREAM_PARSER, BPF_SK_SKB_STREAM_VERDICT, BPF_SK_SKB_VERDICT, BPF_SK_MSG_VERDICT } = bpf_attach_type;
const socketMapHooks = [BPF_SK_SKB_STREAM_PARSER, BPF_SK_SKB_STREAM_VERDICT, BPF_SK_SKB_VERDICT, BPF_SK_MSG_VERDICT];

/** Programs that run for the sockets in a map; which may be there by a link, too. None before 5.16, where nobody can ask. */
export function socketMapAttachments(kernel: Kernel, maps: readonly MapRecord[]): Attachment[] {
  const found: Attachment[] = [];
  for (const { id, name, type } of maps) {
    if (type !== 'sockmap' && type !== 'sockhash') continue;
    const fd = openFdById(kernel, 'map', id, BPF_F_RDONLY);
    if (fd < 0) continue;
    using map = new Fd(kernel, fd);
    for (const attachType of socketMapHooks) {
      const answer = queryAttached(kernel, { targetFd: map.number, attachType });
      if (typeof answer === 'number') continue;
      const hook = attachTypeName(attachType) ?? String(attachType);
      for (const program of answer.programs) {
        found.push(attachment({ programId: program.id, via: 'sockmap', hook, target: name || `map ${id}`, mapId: id }));
      }
    }
  }
  return found;
}

/** Control groups: their paths by id, and the programs at them. */
export class GroupTree {
  readonly #kernel: Kernel;
  readonly #root: string | undefined;
  #paths: Map<bigint, string> | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#root = cgroupRoot(kernel);
  }

  /** The folder of the group with this id; undefined where it is gone. */
  pathOf(id: bigint): string | undefined {
    this.#paths ??= new Map(this.#folders().map((path) => [this.#inode(path), path]));
    return this.#paths.get(id);
  }

  /** Programs attached to groups; which may be there by a link, too. Asks only about hooks where a loaded program can be. */
  attachments(programs: readonly ProgramRecord[]): Attachment[] {
    const types = new Set(programs.map(({ type }) => type));
    const asked = cgroupHooks.filter(({ programType }) => types.has(progTypeName(programType) ?? ''));
    if (asked.length === 0) return [];
    const queries = new CgroupQueries(this.#kernel, { effective: false });
    const found: Attachment[] = [];
    for (const path of this.#folders()) {
      const fd = this.#kernel.open(path, O_RDONLY);
      if (fd < 0) continue;
      using group = new Fd(this.#kernel, fd);
      for (const hook of asked) found.push(...this.#at(queries, group.number, hook, path));
    }
    return found;
  }

  #at(queries: CgroupQueries, group: number, hook: CgroupHook, path: string): Attachment[] {
    if (queries.count(group, hook) <= 0) return [];
    const answer = queries.programs(group, hook);
    if (typeof answer === 'number') return [];
    const name = attachTypeName(hook.attachType) ?? String(hook.attachType);
    return answer.programs.map(({ id }) => attachment({ programId: id, via: 'cgroup', hook: name, target: path }));
  }

  #folders(): string[] {
    if (this.#root === undefined) return [];
    const found = [this.#root];
    // Grows while it is walked through.
    for (const path of found) {
      try {
        for (const name of this.#kernel.readFolders(path)) found.push(path === '/' ? `/${name}` : `${path}/${name}`);
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
      }
    }
    return found;
  }

  #inode(path: string): bigint {
    try {
      return this.#kernel.status(path).inode;
    } catch (error) {
      if (error instanceof SyscallError) return 0n;
      throw error;
    }
  }
}
