import { Errno, SyscallError } from '../../errors/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { type DeviceTarget, type MiscellaneousFeature, Prober } from '../../probe/index.ts';
import { bpf_func_id, bpf_prog_type, helperName, mapType, mapTypeName, progTypeName } from '../../uapi/index.ts';
import type { Form } from './form.ts';
import type { ProbeRequest } from './request.ts';

/** PCI vendor of the devices whose refusals of helpers the reference can read. */
const NETRONOME = 0x19ee;
/** Read as a text of up to seven characters. */
const longestVendor = 7;

/** What network devices that run programs themselves can run. */
const deviceProgramTypes: readonly number[] = [bpf_prog_type.BPF_PROG_TYPE_SCHED_CLS, bpf_prog_type.BPF_PROG_TYPE_XDP];
/** To try these leaves lines in the kernel's log. */
const loudHelpers: readonly number[] = [
  bpf_func_id.BPF_FUNC_trace_printk,
  bpf_func_id.BPF_FUNC_trace_vprintk,
  bpf_func_id.BPF_FUNC_probe_write_user,
];

/**
 * Feature of the prober, the name in JSON and macros, and the text: probe_misc_feature() and its callers in
 * bpftool's src/feature.c.
 */
const miscellaneous: readonly (readonly [feature: MiscellaneousFeature, name: string, plain: string])[] = [
  ['largeInstructionLimit', 'large_insn_limit', 'Large program size limit'],
  ['boundedLoops', 'bounded_loops', 'Bounded loop support'],
  ['instructionSetV2', 'v2_isa_extension', 'ISA extension v2'],
  ['instructionSetV3', 'v3_isa_extension', 'ISA extension v3'],
  ['instructionSetV4', 'v4_isa_extension', 'ISA extension v4'],
];

/** Asks, section by section, and shows the answers. */
export class ProbeRun {
  readonly #prober: Prober;
  readonly #request: ProbeRequest;
  readonly #form: Form;
  readonly #device: DeviceTarget | undefined;
  /** Helpers are tried only in programs of these types. */
  readonly #supportedTypes = new Set<number>();
  readonly #tried: () => void;

  /** `tried` is called after each helper function. */
  constructor(kernel: Kernel, request: ProbeRequest, form: Form, tried: () => void) {
    this.#tried = tried;
    this.#prober = new Prober(kernel);
    this.#request = request;
    this.#form = form;
    const { device } = request;
    this.#device = device && { ifindex: device.ifindex, vendor: vendorOf(kernel, device.name) };
  }

  /** False where there is no bpf(2), and so nothing more to ask. */
  systemCall(): boolean {
    this.#form.startSection({
      json: 'syscall_config',
      plain: 'Scanning system call availability...',
      macros: '/*** System call availability ***/',
    });
    const isThere = this.#prober.systemCall();
    this.#form.feature({ json: 'have_bpf_syscall', plain: 'bpf() syscall', macro: 'BPF_SYSCALL' }, isThere);
    this.#form.endSection();
    return isThere;
  }

  programTypes(): void {
    this.#form.startSection({
      json: 'program_types',
      plain: 'Scanning eBPF program types...',
      macros: '/*** eBPF program types ***/',
    });
    for (const [type, name] of named(progTypeName)) {
      if (this.#device !== undefined && !deviceProgramTypes.includes(type)) continue;
      const isThere = this.#hasProgramType(type);
      if (isThere) this.#supportedTypes.add(type);
      this.#form.feature(typeName('prog', 'program', name), isThere);
    }
    this.#form.endSection();
  }

  mapTypes(): void {
    this.#form.startSection({
      json: 'map_types',
      plain: 'Scanning eBPF map types...',
      macros: '/*** eBPF map types ***/',
    });
    for (const [type, name] of named(mapTypeName)) {
      if (this.#device !== undefined && !mapType(type)?.isOnDevices) continue;
      this.#form.feature(typeName('map', 'map', name), this.#hasMapType(type));
    }
    this.#form.endSection();
  }

  helpers(): void {
    this.#form.startSection({
      json: 'helpers',
      plain: 'Scanning eBPF helper functions...',
      macros: '/*** eBPF helper functions ***/',
    });
    this.#form.introduceHelpers();
    const helpers = named(helperName).filter(([id]) => this.#request.full || !loudHelpers.includes(id));
    for (const [type, programType] of named(progTypeName)) {
      if (this.#device !== undefined && !deviceProgramTypes.includes(type)) continue;
      this.#helpersOf(type, programType, helpers);
    }
    this.#form.endSection();
  }

  miscellaneous(): void {
    this.#form.startSection({
      json: 'misc',
      plain: 'Scanning miscellaneous eBPF features...',
      macros: '/*** eBPF misc features ***/',
    });
    for (const [feature, name, plain] of miscellaneous) {
      const isThere = this.#prober.miscellaneous(feature, this.#device);
      this.#form.feature({ json: `have_${name}`, plain, macro: name.toUpperCase() }, isThere);
    }
    this.#form.endSection();
  }

  #helpersOf(type: number, programType: string, helpers: readonly Named[]): void {
    const section = { programType, isSupported: this.#supportedTypes.has(type) };
    this.#form.startHelpers(section);
    let found = false;
    for (const [id, name] of helpers) {
      const isThere = section.isSupported && this.#hasHelper(type, id);
      this.#tried();
      found ||= isThere;
      this.#form.helper(section, `bpf_${name}`, isThere);
    }
    this.#form.endHelpers({ ...section, found });
  }

  #hasProgramType(type: number): boolean {
    const isThere = this.#device
      ? this.#prober.programTypeOnDevice(type, this.#device)
      : this.#prober.programType(type);
    return isThere && !this.#wasForbidden();
  }

  #hasMapType(type: number): boolean {
    return this.#device
      ? this.#prober.mapTypeOnDevice(type, this.#device)
      : this.#prober.mapType(type, { asLibbpf: true });
  }

  #hasHelper(type: number, helper: number): boolean {
    const isThere = this.#device
      ? this.#prober.helperOnDevice(type, helper, this.#device)
      : this.#prober.helper(type, helper);
    return isThere && !this.#wasForbidden();
  }

  /** Without rights a refusal says nothing. As the reference, this looks at the last refusal, be it of an earlier question. */
  #wasForbidden(): boolean {
    return this.#request.unprivileged && this.#prober.lastErrno === Errno.EPERM;
  }
}

type Named = readonly [number: number, name: string];

/** Numbers with names, but 0, which is none, up to the first without. */
function named(nameOf: (number: number) => string | undefined): Named[] {
  const all: Named[] = [];
  for (let number = 1; ; number++) {
    const name = nameOf(number);
    if (name === undefined) return all;
    all.push([number, name]);
  }
}

function typeName(what: string, plain: string, name: string) {
  return {
    json: `have_${name}_${what}_type`,
    plain: `eBPF ${plain}_type ${name}`,
    macro: `${name}_${what}_type`.toUpperCase(),
  };
}

function vendorOf(kernel: Kernel, device: string): DeviceTarget['vendor'] {
  try {
    const text = kernel.readText(`/sys/class/net/${device}/device/vendor`);
    return text.length <= longestVendor && Number.parseInt(text, 16) === NETRONOME ? 'netronome' : undefined;
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
