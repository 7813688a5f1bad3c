/** Numbers of the C library and the generic system-call interface, equal on every 64-bit Linux that Node runs on. */
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_CLOEXEC = 0o2000000;
export const O_NONBLOCK = 0o4000;
/** One of the few that processors number differently. Source: asm/fcntl.h. */
export const O_DIRECTORY = ['arm64', 'ppc64'].includes(process.arch) ? 0o40000 : 0o200000;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
/** Refused where something is mapped already, since 4.17. */
export const MAP_FIXED_NOREPLACE = 0x100000;
export const MAP_NORESERVE = 0x4000;

export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;

export const RLIMIT_MEMLOCK = 8;
export const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

export const SC_PAGESIZE = 30;

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_BOOTTIME = 7;

export const AF_NETLINK = 16;
export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
/** Source: asm-generic/socket.h. */
export const SO_DETACH_BPF = 27;
export const SO_ATTACH_BPF = 50;
export const SO_ATTACH_REUSEPORT_EBPF = 52;
export const SO_DETACH_REUSEPORT_BPF = 68;
/** recv(2) answers the whole length of a datagram that does not fit. */
export const MSG_TRUNC = 0x20;

export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;

export const KEY_SPEC_SESSION_KEYRING = -3;

export const CLONE_NEWNET = 0x40000000;

/** `statfs` type numbers. */
export const BPF_FS_MAGIC = 0xcafe4a11;
export const TRACEFS_MAGIC = 0x74726163;

export interface SyscallNumbers {
  readonly bpf: number;
  readonly perfEventOpen: number;
  readonly addKey: number;
  readonly ioctl: number;
  readonly kcmp: number;
}

/** System-call numbers that libc has no function for, by `process.arch`. */
export const syscallNumbers: Readonly<Record<string, SyscallNumbers>> = {
  x64: { bpf: 321, perfEventOpen: 298, addKey: 248, ioctl: 16, kcmp: 312 },
  arm64: { bpf: 280, perfEventOpen: 241, addKey: 217, ioctl: 29, kcmp: 272 },
  riscv64: { bpf: 280, perfEventOpen: 241, addKey: 217, ioctl: 29, kcmp: 272 },
  loong64: { bpf: 280, perfEventOpen: 241, addKey: 217, ioctl: 29, kcmp: 272 },
  s390x: { bpf: 351, perfEventOpen: 331, addKey: 278, ioctl: 54, kcmp: 343 },
  ppc64: { bpf: 361, perfEventOpen: 319, addKey: 269, ioctl: 54, kcmp: 354 },
};
