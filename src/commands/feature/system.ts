// The first section of `feature probe`: settings in /proc/sys, and the kernel's configuration; section_system_config()
// of bpftool's src/feature.c.
import type { Context } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { readKernelConfig } from '../shared/kernel-config.ts';
import type { Form } from './form.ts';

/** Type of file system that statfs(2) gives for /proc. */
const PROC_SUPER_MAGIC = 0x9fa0;

interface Setting {
  /** Member of the JSON. */
  readonly name: string;
  readonly file: string;
  /** What a value means; -1: it cannot be read. */
  readonly texts: Readonly<Record<string, string>>;
  /** What any other value means. */
  readonly otherwise: (value: bigint) => string;
}

const settings: readonly Setting[] = [
  {
    name: 'unprivileged_bpf_disabled',
    file: '/proc/sys/kernel/unprivileged_bpf_disabled',
    texts: {
      '0': 'bpf() syscall for unprivileged users is enabled',
      '1': 'bpf() syscall restricted to privileged users (without recovery)',
      '2': 'bpf() syscall restricted to privileged users (admin can change)',
      '-1': 'Unable to retrieve required privileges for bpf() syscall',
    },
    otherwise: (value) => `bpf() syscall restriction has unknown value ${value}`,
  },
  {
    name: 'bpf_jit_enable',
    file: '/proc/sys/net/core/bpf_jit_enable',
    texts: {
      '0': 'JIT compiler is disabled',
      '1': 'JIT compiler is enabled',
      '2': 'JIT compiler is enabled with debugging traces in kernel logs',
      '-1': 'Unable to retrieve JIT-compiler status',
    },
    otherwise: (value) => `JIT-compiler status has unknown value ${value}`,
  },
  {
    name: 'bpf_jit_harden',
    file: '/proc/sys/net/core/bpf_jit_harden',
    texts: {
      '0': 'JIT compiler hardening is disabled',
      '1': 'JIT compiler hardening is enabled for unprivileged users',
      '2': 'JIT compiler hardening is enabled for all users',
      '-1': 'Unable to retrieve JIT hardening status',
    },
    otherwise: (value) => `JIT hardening status has unknown value ${value}`,
  },
  {
    name: 'bpf_jit_kallsyms',
    file: '/proc/sys/net/core/bpf_jit_kallsyms',
    texts: {
      '0': 'JIT compiler kallsyms exports are disabled',
      '1': 'JIT compiler kallsyms exports are enabled for root',
      '-1': 'Unable to retrieve JIT kallsyms export status',
    },
    otherwise: (value) => `JIT kallsyms exports status has unknown value ${value}`,
  },
  {
    name: 'bpf_jit_limit',
    file: '/proc/sys/net/core/bpf_jit_limit',
    texts: { '-1': 'Unable to retrieve global memory limit for JIT compiler for unprivileged users' },
    otherwise: (value) => `Global memory limit for JIT compiler for unprivileged users is ${value} bytes`,
  },
];

/** Options of the kernel's build that matter to BPF. In the order in which they are shown. */
const options: readonly string[] = [
  ...['CONFIG_BPF', 'CONFIG_BPF_SYSCALL', 'CONFIG_HAVE_EBPF_JIT', 'CONFIG_BPF_JIT', 'CONFIG_BPF_JIT_ALWAYS_ON'],
  ...['CONFIG_DEBUG_INFO_BTF', 'CONFIG_DEBUG_INFO_BTF_MODULES'],
  ...['CONFIG_CGROUPS', 'CONFIG_CGROUP_BPF', 'CONFIG_CGROUP_NET_CLASSID', 'CONFIG_SOCK_CGROUP_DATA'],
  ...['CONFIG_BPF_EVENTS', 'CONFIG_KPROBE_EVENTS', 'CONFIG_UPROBE_EVENTS', 'CONFIG_TRACING', 'CONFIG_FTRACE_SYSCALLS'],
  ...['CONFIG_FUNCTION_ERROR_INJECTION', 'CONFIG_BPF_KPROBE_OVERRIDE'],
  ...['CONFIG_NET', 'CONFIG_XDP_SOCKETS', 'CONFIG_LWTUNNEL_BPF', 'CONFIG_NET_ACT_BPF', 'CONFIG_NET_CLS_BPF'],
  ...['CONFIG_NET_CLS_ACT', 'CONFIG_NET_SCH_INGRESS', 'CONFIG_XFRM', 'CONFIG_IP_ROUTE_CLASSID', 'CONFIG_IPV6_SEG6_BPF'],
  ...['CONFIG_BPF_LIRC_MODE2', 'CONFIG_BPF_STREAM_PARSER', 'CONFIG_NETFILTER_XT_MATCH_BPF', 'CONFIG_TEST_BPF'],
];
/** Of use in programs, and so the only one that is shown as a macro. */
const optionOfPrograms = 'CONFIG_HZ';

/** The settings of the running system and the configuration of its kernel. */
export function showSystem(ctx: Context, form: Form): void {
  const heading = { json: 'system_config', plain: 'Scanning system configuration...' };
  form.startSection({ ...heading, macros: '/*** Misc kernel config items ***/' });
  if (form.showsSettings) showSettings(ctx, form);
  const config = readKernelConfig(ctx);
  if (config !== undefined) {
    if (form.showsSettings) for (const name of options) form.option(name, config.get(name));
    form.option(optionOfPrograms, config.get(optionOfPrograms));
  }
  form.endSection();
}

function showSettings(ctx: Context, form: Form): void {
  const kernel = kernelOf(ctx);
  if (!hasProcfs(kernel)) {
    ctx.info('/* procfs not mounted, skipping related probes */');
    return;
  }
  for (const { name, file, texts, otherwise } of settings) {
    const value = readNumber(kernel, file);
    form.setting(name, value, texts[String(value)] ?? otherwise(value));
  }
}

function hasProcfs(kernel: Kernel): boolean {
  try {
    return kernel.fileSystemType('/proc') === PROC_SUPER_MAGIC;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

/** The number on the first line of a file; -1 where there is none. */
function readNumber(kernel: Kernel, file: string): bigint {
  // The reference reads a line with getline(3) and strtol(3): the number must end it.
  try {
    const digits = /^\s*([+-]?\d+)\n/.exec(kernel.readText(file))?.[1];
    return digits === undefined ? -1n : BigInt(digits);
  } catch (error) {
    if (error instanceof SyscallError) return -1n;
    throw error;
  }
}
