import { queryAttached } from '../../bpf/index.ts';
import { Errno, NotSupportedError, UsageError } from '../../errors/index.ts';
import { kernelVersion } from '../../host/index.ts';
import {
  defaultKernel as plainKernel,
  type Kernel,
  openKernel as openPlainKernel,
  syscallError,
} from '../../sys/index.ts';
import {
  attachTypeName,
  bpf_attach_type as attach,
  bpf_func_id,
  bpf_prog_type as prog,
  helperName,
  mapTypeName,
  progTypeName,
} from '../../uapi/index.ts';
import { attachTypeSince, mapTypeSince, programTypeSince } from '../since.ts';
import { type MiscellaneousFeature, miscellaneous } from './code.ts';
import { Prober } from './prober.ts';
import { withoutHelperTrial } from './program-request.ts';

/**
 * Whether the running kernel has something. `since`: the first version that has it, `6.4`, where that is certain. Unknown: it could not
 * be tried, most often for lack of permission.
 */
export type Support =
  | { readonly outcome: 'supported' }
  | { readonly outcome: 'unsupported'; readonly since: string | undefined }
  | { readonly outcome: 'unknown'; readonly cause: Error };

const supported: Support = { outcome: 'supported' };
/** A refusal with one of these says nothing of the feature. */
const inconclusive: ReadonlySet<number> = new Set([
  ...[Errno.EPERM, Errno.EACCES, Errno.ENOMEM, Errno.EMFILE, Errno.EAGAIN, Errno.EINTR],
]);
const miscellaneousSince: Record<MiscellaneousFeature, string> = {
  largeInstructionLimit: '5.3',
  boundedLoops: '5.3',
  instructionSetV2: '4.14',
  instructionSetV3: '5.1',
  instructionSetV4: '6.6',
};

/** What the running kernel can do. Each question is asked by trying, once; the answer is kept. */
export class KernelFeatures {
  readonly #kernel: Kernel;
  readonly #prober: Prober;
  readonly #known = new Map<string, Support>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#prober = new Prober(kernel);
  }

  /** Programs of a type by its name, such as `xdp`. UsageError for a name that is none. */
  programType(name: string): Support {
    const type = numberOf('program type', name, progTypeName);
    return this.#once(`program type ${name}`, programTypeSince.get(type), () => this.#prober.programType(type));
  }

  /** Maps of a type by its name, such as `ringbuf`. UsageError for a name that is none. */
  mapType(name: string): Support {
    const type = numberOf('map type', name, mapTypeName);
    return this.#once(`map type ${name}`, mapTypeSince.get(type), () => this.#prober.mapType(type));
  }

  /**
   * A helper function, such as `map_lookup_elem` (or `bpf_map_lookup_elem`), in programs of a type. Unknown where programs of the type
   * cannot be loaded for no other reason than to try: tracing, lsm, ext, struct_ops. UsageError for names that are none.
   */
  helper(programType: string, helper: string): Support {
    const type = numberOf('program type', programType, progTypeName);
    const id = helperNumber(helper);
    const ofType = this.programType(programType);
    if (ofType.outcome !== 'supported') return ofType;
    if (withoutHelperTrial.has(type)) return cannotTry(`helpers in programs of type ${programType}`);
    const name = `helper ${helper} in programs of type ${programType}`;
    return this.#once(name, undefined, () => this.#prober.helper(type, id));
  }

  /** Programs for an attach type, such as `cgroup_inet4_connect`. UsageError for a name that is none. */
  attachType(name: string): Support {
    const type = numberOf('attach type', name, attachTypeName);
    const since = attachTypeSince.get(type);
    return this.#once(`attach type ${name}`, since, () => this.#takesAttachType(type, since));
  }

  /** Larger programs, loops, and instructions that came later. */
  misc(name: MiscellaneousFeature): Support {
    if (!Object.hasOwn(miscellaneous, name)) throw new UsageError(`there is no feature '${name}'`);
    return this.#once(name, miscellaneousSince[name], () => this.#prober.miscellaneous(name));
  }

  #once(feature: string, since: string | undefined, ask: () => boolean): Support {
    const known = this.#known.get(feature);
    if (known !== undefined) return known;
    this.#prober.lastErrno = 0;
    const answer = ask() ? supported : this.#refused(feature, since);
    // What may be otherwise with more rights, or later, is asked again.
    if (answer.outcome !== 'unknown') this.#known.set(feature, answer);
    return answer;
  }

  /** What it means that the kernel refused what was tried last. */
  #refused(feature: string, since: string | undefined): Support {
    const errno = this.#prober.lastErrno;
    if (!inconclusive.has(errno)) return { outcome: 'unsupported', since };
    const isTooOld = since !== undefined && olderThan(kernelVersion(this.#kernel), since);
    // Kernels refuse program types that they do not know with EPERM to some callers; their version is then the better witness.
    if (isTooOld) return { outcome: 'unsupported', since };
    return { outcome: 'unknown', cause: syscallError(`trying ${feature}`, errno) };
  }

  #takesAttachType(type: number, since: string | undefined): boolean {
    if (isAskedByQuery(type)) return this.#knowsHook(type);
    if (tracingTypes.has(type)) {
      const request = { type: prog.BPF_PROG_TYPE_TRACING, expectedAttachType: type, attachBtfId: 1 };
      return this.#prober.refusal(request).includes('attach_btf_id 1 is not a ');
    }
    if (type === attach.BPF_NETFILTER) return this.#prober.programType(prog.BPF_PROG_TYPE_NETFILTER);
    // Nothing short of attaching a program shows the others: kernels load programs for types that they do not know.
    return since === undefined || !olderThan(kernelVersion(this.#kernel), since);
  }

  /** A query about a place that is none is refused for the place where the kernel knows the hook, as invalid where it does not. */
  #knowsHook(attachType: number): boolean {
    const answer = queryAttached(this.#kernel, { targetFd: -1, attachType });
    if (typeof answer !== 'number' || answer >= 0) return true;
    if (answer === -Errno.EINVAL) return false;
    if (inconclusive.has(-answer)) this.#prober.lastErrno = -answer;
    return !inconclusive.has(-answer);
  }
}

/** A kernel that knows what it can do. */
export interface FeaturedKernel extends Kernel {
  readonly features: KernelFeatures;
}

/** The kernel this process runs on. */
export function openKernel(): FeaturedKernel {
  const kernel = openPlainKernel();
  return Object.assign(kernel, { features: new KernelFeatures(kernel) });
}

/** The kernel this process runs on: the one that whatever names no kernel uses, and what it can do. */
export function defaultKernel(): FeaturedKernel {
  const kernel: Kernel & { features?: KernelFeatures } = plainKernel();
  kernel.features ??= new KernelFeatures(kernel);
  return kernel as FeaturedKernel;
}

const tracingTypes: ReadonlySet<number> = new Set([
  attach.BPF_TRACE_RAW_TP,
  attach.BPF_TRACE_FENTRY,
  attach.BPF_TRACE_FEXIT,
  attach.BPF_MODIFY_RETURN,
  attach.BPF_TRACE_ITER,
  attach.BPF_TRACE_FSESSION,
]);
const otherHooks: ReadonlySet<number> = new Set([
  attach.BPF_LIRC_MODE2,
  attach.BPF_FLOW_DISSECTOR,
  attach.BPF_SK_LOOKUP,
  attach.BPF_TCX_INGRESS,
  attach.BPF_TCX_EGRESS,
  attach.BPF_NETKIT_PRIMARY,
  attach.BPF_NETKIT_PEER,
  attach.BPF_LSM_CGROUP,
]);

function isAskedByQuery(type: number): boolean {
  return otherHooks.has(type) || (attachTypeName(type)?.startsWith('cgroup_') ?? false);
}

function cannotTry(what: string): Support {
  return { outcome: 'unknown', cause: new NotSupportedError(`trying ${what}`) };
}

function numberOf(what: string, name: string, nameOf: (number: number) => string | undefined): number {
  for (let number = 0; ; number++) {
    const found = nameOf(number);
    if (found === name) return number;
    if (found === undefined) throw new UsageError(`there is no ${what} '${name}'`);
  }
}

function helperNumber(name: string): number {
  const plain = name.replace(/^bpf_/, '');
  for (let id = bpf_func_id.BPF_FUNC_unspec + 1; ; id++) {
    const found = helperName(id);
    if (found === plain) return id;
    if (found === undefined) throw new UsageError(`there is no helper '${name}'`);
  }
}

function olderThan({ major, minor }: { major: number; minor: number }, since: string): boolean {
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
