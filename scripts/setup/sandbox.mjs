// Tests that meet the kernel run in mount and network namespaces of their own: their pins, mounts and devices end with
// the last process inside, however it ends.
const prepare = `
while umount --lazy /sys/fs/bpf 2>/dev/null; do :; done
mount -t bpf bpf /sys/fs/bpf || exit 1
[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
ip link set lo up 2>/dev/null
exec "$@"
`;

/** The environment variable that tells tests they are inside. */
export const sandboxVariable = 'TSBPFTOOL_SANDBOX';

/** The words that start `words` inside fresh namespaces. Needs root. */
export function insideSandbox(words) {
  return ['unshare', '--mount', '--net', '--propagation', 'private', 'sh', '-c', prepare, 'sandbox', ...words];
}
