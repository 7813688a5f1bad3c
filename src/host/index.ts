// What other folders import of host/: facts from /proc, /sys and the list of mounts.
export * from './bpffs.ts';
export {
  type BpfCapability,
  bpfCapabilities,
  heldCapabilities,
  withoutCapabilities,
} from './capabilities.ts';
export { cgroupRoot } from './cgroups.ts';
export * from './cpus.ts';
export * from './fdinfo.ts';
export * from './kallsyms.ts';
export * from './lines.ts';
export * from './kconfig.ts';
export * from './mounts.ts';
export * from './netdev.ts';
export { SymbolTable } from './symbol-table.ts';
export * from './time.ts';
export { attachingTracefs, ensureTracefs, type TracefsAnswer } from './tracefs.ts';
export * from './version.ts';
export { kernelBtfPath, vmlinuxPlaces } from './vmlinux.ts';
