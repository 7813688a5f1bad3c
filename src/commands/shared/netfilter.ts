import type { JsonWriter } from '../../output/index.ts';

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
function netfilterFamily(family: number): string | undefined {
  return families[family];
}

/** `prerouting` …; bridges share the numbers of IP, ARP has its own. */
function netfilterHook(family: number, hook: number): string | undefined {
  return hooks[family]?.[hook];
}

/** Where a netfilter link is: `NFPROTO_*`, the hook's number there, its priority, `BPF_F_NETFILTER_*`. */
export interface NetfilterHook {
  readonly pf: number;
  readonly hook: number;
  readonly priority: number;
  readonly flags: number;
}

/** A line of its own, which ends with whatever is printed next. */
export function netfilterText({ pf, hook, priority, flags }: NetfilterHook): string {
  const family = netfilterFamily(pf) ?? `pf: ${pf}`;
  const name = netfilterHook(pf, hook);
  const where = name === undefined ? `, hook ${hook},` : ` ${name}`;
  return `\n\t${family}${where} prio ${priority}${flags === 0 ? '' : ` flags 0x${flags.toString(16)}`}`;
}

export function netfilterMembers(json: JsonWriter, { pf, hook, priority, flags }: NetfilterHook): void {
  json.field('pf', pf).field('hook', hook).field('prio', priority).field('flags', flags);
}
