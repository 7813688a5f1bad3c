import { load } from 'tsbpftool';

const file = 'programs.bpf.o';

/** Type-checked, and not run: which of it works depends on the machine. */
export function attachAll(): void {
  using object = load(file);
  const { programs, maps } = object;
  // #region xdp
  programs.count.attach({ device: 'eth0', mode: 'skb' });
  // #endregion
  // #region tcx
  programs.drop.attach({ device: 'eth0' });
  // #endregion
  // #region cgroup
  programs.log_connect.attach({ path: '/sys/fs/cgroup/app' });
  // #endregion
  // #region tracepoint
  programs.hello.attach();
  // #endregion
  // #region kprobe
  programs.unlinked.attach({ function: 'do_unlinkat' });
  programs.opened.attach({ name: 'openat' });
  // #endregion
  // #region uprobe
  programs.enter.attach({ binary: '/bin/bash', function: 'readline' });
  programs.leave.attach({ binary: '/bin/bash', function: 'readline', atReturn: true });
  // #endregion
  // #region trace
  programs.traced.attach();
  // #endregion
  // #region netfilter
  programs.filtered.attach({ family: 'ipv4', hook: 'prerouting', priority: 0 });
  // #endregion
  // #region sockmap
  programs.verdict.attach({ map: maps.sockets });
  // #endregion
  // #region all
  object.attach();
  // #endregion
}
