// Names of where netfilter calls programs. Source: linux/netfilter.h.
const families: Readonly<Record<number, string>> = {
  1: 'inet',
  2: 'ip',
  3: 'arp',
  5: 'netdev',
  7: 'bridge',
  10: 'ip6',
};
const inetHooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
const arpHooks = ['input', 'output'];
const hooks: Readonly<Record<number, readonly string[]>> = {
  1: inetHooks,
  2: inetHooks,
  3: arpHooks,
  7: inetHooks,
  10: inetHooks,
};

/** `ip6` for NFPROTO_IPV6; undefined for a family without a name. */
export function netfilterFamily(family: number): string | undefined {
  return families[family];
}

/** `prerouting` …; bridges share the numbers of IP, ARP has its own. */
export function netfilterHook(family: number, hook: number): string | undefined {
  return hooks[family]?.[hook];
}
