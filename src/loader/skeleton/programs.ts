import { type AttachKind, attachKind } from '../../codegen/index.ts';
import { UsageError } from '../../errors/index.ts';
import { autoAttach } from '../attach/auto.ts';
import { attachCgroup } from '../attach/cgroup.ts';
import { attachKprobe, attachKsyscall } from '../attach/kprobe.ts';
import { attachKprobeMulti } from '../attach/kprobe-multi.ts';
import type { AttachContext, LoadedLink } from '../attach/link.ts';
import { attachNetfilter, attachNetkit, attachNetns, attachSockMap, attachTcx, attachXdp } from '../attach/network.ts';
import { attachPerfEvent } from '../attach/perf-event.ts';
import { attachRawTracepoint } from '../attach/raw-tracepoint.ts';
import { attachTracepoint } from '../attach/tracepoint.ts';
import { attachTracingMulti } from '../attach/tracing-multi.ts';
import { attachUprobe } from '../attach/uprobe.ts';
import { attachUprobeMulti } from '../attach/uprobe-multi.ts';
import { attachUsdt } from '../attach/usdt/index.ts';
import type { LoadedProgram } from '../loaded-program.ts';

/** What a caller names who attaches by a function of the loader. */
type Target<F> = F extends (context: AttachContext, program: LoadedProgram, target: infer T) => LoadedLink ? T : never;

/** The arguments of `attach`, by how a program is attached. */
export interface AttachArguments {
  auto: [];
  none: never;
  kprobe: [target: Target<typeof attachKprobe>];
  kprobeMulti: [target: Target<typeof attachKprobeMulti>];
  ksyscall: [target: Target<typeof attachKsyscall>];
  uprobe: [target: Target<typeof attachUprobe>];
  uprobeMulti: [target: Target<typeof attachUprobeMulti>];
  usdt: [target: Target<typeof attachUsdt>];
  tracepoint: [target: Target<typeof attachTracepoint>];
  rawTracepoint: [name: string];
  tracingMulti: [target: Target<typeof attachTracingMulti>];
  xdp: [target: Target<typeof attachXdp>];
  tcx: [target: Target<typeof attachTcx>];
  netkit: [target: Target<typeof attachNetkit>];
  cgroup: [target: Target<typeof attachCgroup>];
  netns: [target: Target<typeof attachNetns>];
  sockMap: [target: Target<typeof attachSockMap>];
  netfilter: [target: Target<typeof attachNetfilter>];
  perfEvent: [target: Target<typeof attachPerfEvent>];
}

interface LoadedSkeletonProgram {
  readonly name: string;
  /** Descriptor of the program, which the skeleton closes. */
  readonly fd: number;
}

/** A program of a loaded object; `attach` takes what its section leaves open, and is not there where there is nothing. */
export type SkeletonProgram<Kind extends AttachKind> = Kind extends 'none'
  ? LoadedSkeletonProgram
  : LoadedSkeletonProgram & {
      /** The link ends with the skeleton. ObjectError where attaching fails. */
      attach(...where: AttachArguments[Kind]): LoadedLink;
    };

type AttachFunction = (context: AttachContext, program: LoadedProgram, target: never) => LoadedLink;

const functions: Readonly<Record<Exclude<AttachKind, 'auto' | 'none'>, AttachFunction>> = {
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
};

/** A program as a skeleton has it; `keep` takes each link. */
export function skeletonProgram(
  context: AttachContext,
  program: LoadedProgram,
  keep: (link: LoadedLink) => void,
): LoadedSkeletonProgram & { readonly attach?: (...where: unknown[]) => LoadedLink } {
  const { name, spec } = program;
  const kind = attachKind(spec);
  const known = {
    name,
    get fd() {
      return program.fd.number;
    },
  };
  if (kind === 'none') return known;
  const attach = (...where: unknown[]): LoadedLink => {
    const link = kind === 'auto' ? autoAttach(context, program) : functions[kind](context, program, where[0] as never);
    if (link === undefined) throw new UsageError(`program '${name}': its section says no place to attach it to`);
    keep(link);
    return link;
  };
  return Object.assign(known, { attach });
}
