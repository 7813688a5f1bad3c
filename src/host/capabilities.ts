import { type CapabilitySets, checkResult, type Kernel, syscallError } from '../sys/index.ts';

/** Capabilities that bpf(2) asks for, by bit. Source: linux/capability.h. */
export const bpfCapabilities = {
  CAP_SYS_ADMIN: 21n,
  CAP_BPF: 39n,
  CAP_NET_ADMIN: 12n,
  CAP_PERFMON: 38n,
} as const;

export type BpfCapability = keyof typeof bpfCapabilities;

/** Which of them the calling thread holds. SyscallError where the kernel does not say. */
export function heldCapabilities(kernel: Kernel): BpfCapability[] {
  const { effective } = mustRead(kernel);
  return names().filter((name) => ((effective >> bpfCapabilities[name]) & 1n) === 1n);
}

/**
 * Runs `body` without the capabilities that bpf(2) asks for. Afterwards the thread holds again what it held. Only what `body` does on
 * this thread, before it returns, runs without.
 */
export function withoutCapabilities<T>(kernel: Kernel, body: () => T): T {
  const held = mustRead(kernel);
  const dropped = names().reduce((sum, name) => sum | (1n << bpfCapabilities[name]), 0n);
  checkResult('capset', kernel.setCapabilities({ ...held, effective: held.effective & ~dropped }));
  try {
    return body();
  } finally {
    checkResult('capset', kernel.setCapabilities(held));
  }
}

function mustRead(kernel: Kernel): CapabilitySets {
  const sets = kernel.getCapabilities();
  if (typeof sets === 'number') throw syscallError('capget', sets);
  return sets;
}

function names(): BpfCapability[] {
  return Object.keys(bpfCapabilities) as BpfCapability[];
}
