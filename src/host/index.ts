export { isOnBpffs, mountBpffs } from './bpffs.ts';
export { onlineCpus, parseCpuList, possibleCpus } from './cpus.ts';
export { fdInfo } from './fdinfo.ts';
export { type KernelSymbol, symbolAddress, symbolsAt, walkSymbols } from './kallsyms.ts';
export { type Mount, mounts } from './mounts.ts';
