// What meets the kernel runs in namespaces of its own: its pins, mounts and devices end with the last process inside,
// however it ends.
const mountTracefs = '[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null';
const prepare = `
while umount --lazy /sys/fs/bpf 2>/dev/null; do :; done
mount -t bpf bpf /sys/fs/bpf || exit 1
${mountTracefs}
ip link set lo up 2>/dev/null
exec "$@"
`;

/** The environment variable that tells tests they are inside. */
export const sandboxVariable = 'TSBPFTOOL_SANDBOX';

/**
 * The words that start `words` in fresh mount and network namespaces. Needs root.
 * @param {string[]} words
 * @returns {string[]}
 */
export function insideSandbox(words) {
  return ['unshare', '--mount', '--net', '--propagation', 'private', 'sh', '-c', prepare, 'sandbox', ...words];
}

/**
 * The words that start `words` in a mount namespace with an empty BPF file system, and tracefs. Needs root.
 * @param {string[]} words
 * @returns {string[]}
 */
export function withOwnBpffs(words) {
  const script = `mount -t bpf bpf /sys/fs/bpf || exit 1\n${mountTracefs}\nexec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...words];
}
