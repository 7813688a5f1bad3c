import { SyscallError } from '../errors/index.ts';
import { type BpfCapability, bpfCapabilities } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';

/** Why bpf(2) may have been refused to this process, most likely first. */
export type PermissionReason =
  | { kind: 'capability'; missing: Capability[]; text: string }
  | { kind: 'unprivilegedDisabled'; level: number; text: string }
  | { kind: 'lockdown'; mode: string; text: string }
  | { kind: 'userNamespace'; text: string }
  | { kind: 'seccomp'; text: string };

export type Capability = BpfCapability;

/** As they are named to people: the one that most need first. */
const mostNeededFirst: readonly Capability[] = ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_ADMIN', 'CAP_NET_ADMIN'];

/** What `permissionReasons` looks at; a text that cannot be read is undefined. */
export interface PermissionFacts {
  /** /proc/self/status */
  status: string | undefined;
  /** /proc/sys/kernel/unprivileged_bpf_disabled */
  unprivilegedDisabled: string | undefined;
  /** /sys/kernel/security/lockdown */
  lockdown: string | undefined;
  /** /proc/self/uid_map */
  uidMap: string | undefined;
}

/** Explains an EPERM or EACCES of bpf(2) after it happened; empty if nothing suspicious is found. */
export function explainPermission(kernel: Kernel): PermissionReason[] {
  return permissionReasons({
    status: readIfThere(kernel, '/proc/self/status'),
    unprivilegedDisabled: readIfThere(kernel, '/proc/sys/kernel/unprivileged_bpf_disabled'),
    lockdown: readIfThere(kernel, '/sys/kernel/security/lockdown'),
    uidMap: readIfThere(kernel, '/proc/self/uid_map'),
  });
}

/** The reasons that follow from the facts. */
export function permissionReasons(facts: PermissionFacts): PermissionReason[] {
  const reasons: PermissionReason[] = [];
  const effective = statusField(facts.status, 'CapEff');
  const held = effective !== undefined && /^[0-9a-f]{1,16}$/i.test(effective) ? BigInt(`0x${effective}`) : undefined;
  const has = (name: Capability): boolean => held === undefined || ((held >> bpfCapabilities[name]) & 1n) === 1n;
  const administrator = has('CAP_SYS_ADMIN');
  const missing = administrator ? [] : mostNeededFirst.filter((name) => !has(name));
  if (missing.length > 0 && !has('CAP_BPF')) {
    const text = `the process lacks ${missing.join(', ')}; run it as root, or grant cap_bpf, cap_perfmon and cap_net_admin`;
    reasons.push({ kind: 'capability', missing, text });
    const level = Number(facts.unprivilegedDisabled?.trim() || 0);
    if (level > 0) {
      const until = level === 1 ? ' until the next boot' : '';
      reasons.push({
        kind: 'unprivilegedDisabled',
        level,
        text: `kernel.unprivileged_bpf_disabled is ${level}: unprivileged users may not use bpf(2)${until}`,
      });
    }
  } else if (missing.length > 0) {
    const text = `the process has CAP_BPF but lacks ${missing.join(', ')}, which some program types and commands need`;
    reasons.push({ kind: 'capability', missing, text });
  }
  const mode = /\[(\w+)\]/.exec(facts.lockdown ?? '')?.[1];
  if (mode !== undefined && mode !== 'none') {
    reasons.push({
      kind: 'lockdown',
      mode,
      text: `kernel lockdown is in ${mode} mode, which refuses parts of BPF (reading kernel memory, writing user memory)`,
    });
  }
  if (facts.uidMap !== undefined && !/^\s*0\s+0\s+4294967295\s*$/.test(facts.uidMap)) {
    reasons.push({
      kind: 'userNamespace',
      text: 'the process is in a user namespace; capabilities there do not count for bpf(2) without a BPF token',
    });
  }
  if (statusField(facts.status, 'Seccomp') === '2') {
    reasons.push({ kind: 'seccomp', text: 'a seccomp filter is active (a container?), which may refuse bpf(2)' });
  }
  return reasons;
}

function statusField(status: string | undefined, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status ?? '')?.[1];
}

function readIfThere(kernel: Kernel, path: string): string | undefined {
  try {
    return kernel.readText(path);
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
