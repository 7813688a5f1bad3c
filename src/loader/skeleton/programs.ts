import { type AttachKind, attachKind } from '../../codegen/index.ts';
import { expectObject } from '../../bytes/index.ts';
import { UsageError } from '../../errors/index.ts';
import { attachCgroup } from '../attach/cgroup.ts';
import { attachIterator, type IteratorTarget } from '../attach/iterator.ts';
import { attachKprobe, attachKsyscall } from '../attach/kprobe.ts';
import { attachKprobeMulti } from '../attach/kprobe-multi.ts';
import { autoAttach } from '../attach/auto.ts';
import type { AttachContext, LoadedLink } from '../attach/link.ts';
import { attachNetfilter, attachNetkit, attachNetns, attachSockMap, attachTcx, attachXdp } from '../attach/network.ts';
import { attachPerfEvent, type PerfEventTarget } from '../attach/perf-event.ts';
import { attachRawTracepoint } from '../attach/raw-tracepoint.ts';
import { attachSocket, type SocketAttachment, type SocketTarget } from '../attach/socket.ts';
import { attachTc, type TcTarget } from '../attach/tc.ts';
import { attachTrace } from '../attach/trace.ts';
import { attachTracepoint } from '../attach/tracepoint.ts';
import { attachTracingMulti } from '../attach/tracing-multi.ts';
import { attachUprobe } from '../attach/uprobe.ts';
import { attachUprobeMulti } from '../attach/uprobe-multi.ts';
import { attachUsdt } from '../attach/usdt/index.ts';
import type { TrafficFilter } from '../../kernel/index.ts';
import type { LoadedProgram } from '../loaded-program.ts';

/** What a caller names who attaches by a function of the loader. */
export type AttachTargetOf<F> = F extends (
  context: AttachContext,
  program: LoadedProgram,
  target: infer T,
) => LoadedLink
  ? T
  : never;

/** What may be said of a place that the section names already: what bpf_get_attach_cookie() tells (fentry, fexit, LSM), what an iterator walks. */
export type AutoTarget = { readonly cookie?: bigint } & IteratorTarget;

/** The arguments of `attach`, by how a program is attached. */
export interface AttachArguments {
  auto: [target?: AutoTarget];
  none: never;
  kprobe: [target: AttachTargetOf<typeof attachKprobe>];
  kprobeMulti: [target: AttachTargetOf<typeof attachKprobeMulti>];
  ksyscall: [target: AttachTargetOf<typeof attachKsyscall>];
  uprobe: [target: AttachTargetOf<typeof attachUprobe>];
  uprobeMulti: [target: AttachTargetOf<typeof attachUprobeMulti>];
  usdt: [target: AttachTargetOf<typeof attachUsdt>];
  tracepoint: [target: AttachTargetOf<typeof attachTracepoint>];
  rawTracepoint: [name: string];
  tracingMulti: [target: AttachTargetOf<typeof attachTracingMulti>];
  xdp: [target: AttachTargetOf<typeof attachXdp>];
  tcx: [target: AttachTargetOf<typeof attachTcx>];
  netkit: [target: AttachTargetOf<typeof attachNetkit>];
  cgroup: [target: AttachTargetOf<typeof attachCgroup>];
  netns: [target: AttachTargetOf<typeof attachNetns>];
  sockMap: [target: AttachTargetOf<typeof attachSockMap>];
  netfilter: [target: AttachTargetOf<typeof attachNetfilter>];
  perfEvent: [target: PerfEventTarget];
  tc: [target: TcTarget];
  socket: [target: SocketTarget];
}

/** What `attach` gives, by how a program is attached. */
export type AttachmentOf<Kind extends AttachKind> = Kind extends 'tc'
  ? TrafficFilter
  : Kind extends 'socket'
    ? SocketAttachment
    : LoadedLink;

/** What `attach` takes where the kind of program is known at run time only. */
export type AnyAttachTarget = { [Kind in keyof AttachArguments]: AttachArguments[Kind][0] }[keyof AttachArguments];

/** A program of a loaded object; `attach` takes what its section leaves open, and is not there where there is nothing. */
export type SkeletonProgram<Kind extends AttachKind> = Kind extends 'none'
  ? LoadedProgram
  : LoadedProgram & {
      /** What it gives ends with the object at the latest. ObjectError where attaching fails. */
      attach(...where: AttachArguments[Kind]): AttachmentOf<Kind>;
    };

/** A program of which the kind is known at run time only. */
export type AnyProgram = LoadedProgram & {
  /** As of `SkeletonProgram`. UsageError where the program has no such place, or what it needs is not named. */
  attach(target: TcTarget): TrafficFilter;
  attach(target: SocketTarget): SocketAttachment;
  attach(target?: AnyAttachTarget): LoadedLink;
};

/** What ends when the object is closed. */
interface Closable {
  close(): void;
}

type AttachFunction = (context: AttachContext, program: LoadedProgram, target: never) => Closable | undefined;

function attachAsSectionSays(context: AttachContext, program: LoadedProgram, target: AutoTarget = {}) {
  const automatic = program.spec.section?.autoAttach;
  if (automatic === 'iter') return attachIterator(context, program, target);
  if (automatic === 'trace' || automatic === 'lsm') return attachTrace(context, program, target);
  return autoAttach(context, program);
}

const functions: Readonly<Record<Exclude<AttachKind, 'none'>, AttachFunction>> = {
  auto: attachAsSectionSays,
  kprobe: attachKprobe,
  kprobeMulti: attachKprobeMulti,
  ksyscall: attachKsyscall,
  uprobe: attachUprobe,
  uprobeMulti: attachUprobeMulti,
  usdt: attachUsdt,
  tracepoint: attachTracepoint,
  rawTracepoint: attachRawTracepoint,
  tracingMulti: attachTracingMulti,
  xdp: attachXdp,
  tcx: attachTcx,
  netkit: attachNetkit,
  cgroup: attachCgroup,
  netns: attachNetns,
  sockMap: attachSockMap,
  netfilter: attachNetfilter,
  perfEvent: attachPerfEvent,
  tc: attachTc,
  socket: attachSocket,
};

/** What is to be named, as an example, for errors. */
const examples: Partial<Readonly<Record<AttachKind, string>>> = {
  kprobe: "{ function: 'do_unlinkat' }",
  kprobeMulti: "{ pattern: 'vfs_*' }",
  ksyscall: "{ name: 'openat' }",
  uprobe: "{ binary: '/bin/bash', function: 'readline' }",
  uprobeMulti: "{ binary: '/bin/bash', pattern: 'read*' }",
  usdt: '{ binary, provider, name }',
  tracepoint: "{ category: 'syscalls', name: 'sys_enter_execve' }",
  rawTracepoint: "'sched_switch'",
  tracingMulti: "{ pattern: 'vfs_*' }",
  xdp: "{ device: 'eth0' }",
  tcx: "{ device: 'eth0' }",
  netkit: "{ device: 'nk0' }",
  cgroup: "{ path: '/sys/fs/cgroup/NAME' }",
  netns: "{ path: '/proc/self/ns/net' }",
  sockMap: '{ map: object.maps.NAME }',
  netfilter: "{ family: 'ipv4', hook: 'prerouting', priority: 0 }",
  perfEvent: "{ event: 'cpu-clock', frequency: 99 }",
  tc: "{ device: 'eth0', direction: 'ingress' }",
  socket: '{ socket }',
};

/**
 * Gives a program `attach`, where there is a way or where `isNamedLater` says that it shall tell there is none; `keep` takes
 * each link.
 */
export function withAttach(
  context: AttachContext,
  program: LoadedProgram,
  { keep, always }: { readonly keep: (link: Closable) => void; readonly always: boolean },
): LoadedProgram | AnyProgram {
  const { name, spec } = program;
  const kind = attachKind(spec);
  if (kind === 'none' && !always) return program;
  const attach = (target?: unknown): Closable => {
    const where = `program '${name}' (section '${spec.sectionName}')`;
    if (kind === 'none') {
      throw new UsageError(`${where} is attached by none of the ways there are: run() it, or give it another section`);
    }
    if (target === undefined && kind !== 'auto') {
      throw new UsageError(`${where} says no place to attach it to: name one, as attach(${examples[kind]})`);
    }
    // The name of a raw tracepoint is a text.
    if (target !== undefined && kind !== 'rawTracepoint') {
      expectObject(target, `${where}: a place is named by an object, as attach(${examples[kind] ?? '{ cookie: 1n }'})`);
      const { cookie } = target as { cookie?: unknown };
      if (cookie !== undefined && typeof cookie !== 'bigint') throw new UsageError(`${where}: cookie is a bigint`);
    }
    const link = functions[kind](context, program, target as never);
    if (link === undefined) throw new UsageError(`${where} says no place to attach it to`);
    keep(link);
    return link;
  };
  return Object.assign(program, { attach }) as unknown as AnyProgram;
}
