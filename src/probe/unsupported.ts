import { Errno, NotSupportedError } from '../errors/index.ts';
import { kernelVersion } from '../host/index.ts';
import type { RefusedCall } from '../bpf/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  attachTypeName,
  attr_link_create,
  attr_map_create,
  attr_prog_load,
  bpf_attach_type,
  bpf_cmd,
  mapTypeName,
  progTypeName,
  structView,
} from '../uapi/index.ts';
import {
  attachTypeSince,
  commandSince,
  linkSince,
  mapFlagSince,
  mapTypeSince,
  programFlagSince,
  programTypeSince,
  type SinceTable,
} from './since.ts';

/** Errnos by which kernels say that they do not know what they were asked. */
const unknownToKernel = new Set<number>([
  Errno.EINVAL,
  // The attribute has bytes that are not 0 beyond what the kernel knows (bpf_check_uarg_tail_zero).
  Errno.E2BIG,
  Errno.EOPNOTSUPP,
  Errno.ENOTSUPP,
  // Some kernels ask for capabilities before they look at the command.
  Errno.EPERM,
  Errno.ENOSYS,
]);

/**
 * What a refused call asked for that came with a kernel newer than the running one; undefined if nothing did, so that
 * the reason is another one. Where several things are too new, the newest is named.
 */
export function explainUnsupported(kernel: Kernel, refusal: RefusedCall): NotSupportedError | undefined {
  if (!unknownToKernel.has(refusal.errno)) return undefined;
  const { major, minor } = kernelVersion(kernel);
  return newerThan({ major, minor }, refusal);
}

/** As `explainUnsupported`, for a kernel of the given version. */
export function newerThan(
  running: { major: number; minor: number },
  refusal: Pick<RefusedCall, 'command' | 'attr'>,
): NotSupportedError | undefined {
  let newest: Requirement | undefined;
  for (const requirement of requirementsOf(refusal)) {
    if (compare(numbers(requirement.since), running) <= 0) continue;
    if (newest === undefined || compare(numbers(requirement.since), numbers(newest.since)) > 0) newest = requirement;
  }
  return newest === undefined ? undefined : new NotSupportedError(newest.feature, newest.since);
}

/** One thing that a call asked for, and the first kernel version that has it. */
interface Requirement {
  feature: string;
  since: string;
}

function requirementsOf({ command, attr }: Pick<RefusedCall, 'command' | 'attr'>): Requirement[] {
  const requirements: Requirement[] = [];
  const add = (table: SinceTable, key: number, feature: string) => {
    const since = table.get(key);
    if (since !== undefined) requirements.push({ feature, since });
  };
  const addFlags = (table: SinceTable, flags: number, what: string) => {
    for (const [bit, since] of table) {
      if ((flags & bit) !== 0) requirements.push({ feature: `${what} flag 0x${bit.toString(16)}`, since });
    }
  };
  add(commandSince, command, `bpf(2) command ${commandName(command)}`);
  switch (command) {
    case bpf_cmd.BPF_MAP_CREATE: {
      const view = structView(attr_map_create, padded(attr, attr_map_create.size));
      const type = view.u32('map_type');
      add(mapTypeSince, type, `map type ${mapTypeName(type)}`);
      addFlags(mapFlagSince, view.u32('map_flags'), 'map');
      break;
    }
    case bpf_cmd.BPF_PROG_LOAD: {
      const view = structView(attr_prog_load, padded(attr, attr_prog_load.size));
      const type = view.u32('prog_type');
      const attachType = view.u32('expected_attach_type');
      add(programTypeSince, type, `program type ${progTypeName(type)}`);
      add(attachTypeSince, attachType, `attach type ${attachTypeName(attachType)}`);
      addFlags(programFlagSince, view.u32('prog_flags'), 'program');
      break;
    }
    case bpf_cmd.BPF_LINK_CREATE: {
      const view = structView(attr_link_create, padded(attr, attr_link_create.size));
      const type = view.u32('attach_type');
      const feature = `link of attach type ${attachTypeName(type)}`;
      add(attachTypeSince, type, feature);
      add(linkSince, type, feature);
      // Bytes 16 to 23 are perf_event.bpf_cookie: other types have other members of the union there.
      if (type === bpf_attach_type.BPF_PERF_EVENT && view.bytes.subarray(16, 24).some((byte) => byte !== 0)) {
        requirements.push({ feature: 'cookie of a perf event link', since: '5.15' });
      }
      break;
    }
  }
  return requirements;
}

function commandName(command: number): string {
  return Object.entries(bpf_cmd).find(([, number]) => number === command)?.[0] ?? String(command);
}

/** Callers may hand over a shorter union; what is missing counts as zero. */
function padded(attr: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  bytes.set(attr.subarray(0, size));
  return bytes;
}

function numbers(version: string): { major: number; minor: number } {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { major, minor };
}

function compare(left: { major: number; minor: number }, right: { major: number; minor: number }): number {
  return left.major - right.major || left.minor - right.minor;
}
