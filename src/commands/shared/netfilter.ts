import type { JsonWriter } from '../../output/index.ts';
import { netfilterFamily, netfilterHook } from '../../uapi/index.ts';

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

/** Adds the members of a netfilter hook: protocol family, hook, priority, flags. */
export function netfilterMembers(json: JsonWriter, { pf, hook, priority, flags }: NetfilterHook): void {
  json.field('pf', pf).field('hook', hook).field('prio', priority).field('flags', flags);
}
