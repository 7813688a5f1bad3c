import { type Context, fail, type Words } from '../../cli/index.ts';
import { deviceIndex } from '../shared/net-device.ts';

/** What is to be probed, and how it is to be shown. */
export interface ProbeRequest {
  /** Both are the kernel; only without a component, or with `kernel`, its configuration is shown too. */
  readonly component: 'kernel' | 'device';
  readonly device: { readonly name: string; readonly ifindex: number } | undefined;
  /** With probes that leave lines in the kernel's log. */
  readonly full: boolean;
  /** As a user without the capabilities that bpf(2) asks for. */
  readonly unprivileged: boolean;
  /** What stands before the names of macros; undefined if no macros are printed. */
  readonly macroPrefix: string | undefined;
}

type Draft = { -readonly [Key in keyof ProbeRequest]: ProbeRequest[Key] | undefined };

/** Consumes all words of `feature probe`. */
export function readRequest(ctx: Context, words: Words): ProbeRequest {
  const draft: Draft = {
    component: undefined,
    device: undefined,
    full: false,
    unprivileged: false,
    macroPrefix: undefined,
  };
  while (words.left > 0) readWord(ctx, words, draft);
  const { component = 'kernel', full = false, unprivileged = false } = draft;
  return { component, full, unprivileged, device: draft.device, macroPrefix: draft.macroPrefix };
}

function readWord(ctx: Context, words: Words, draft: Draft): void {
  if (words.at('kernel')) {
    takeComponent(draft, 'kernel');
    words.next();
  } else if (words.take('dev')) {
    takeComponent(draft, 'device');
    words.require(1);
    draft.device = findDevice(ctx, words.next());
  } else if (words.take('full')) {
    draft.full = true;
  } else if (draft.macroPrefix === undefined && words.take('macros')) {
    draft.macroPrefix = '';
  } else if (words.at('prefix')) {
    draft.macroPrefix = readPrefix(words, draft.macroPrefix);
  } else if (words.take('unprivileged')) {
    draft.unprivileged = true;
  } else {
    fail(`expected no more arguments, 'kernel', 'dev', 'macros' or 'prefix', got: '${words.peek()}'?`);
  }
}

function takeComponent(draft: Draft, component: ProbeRequest['component']): void {
  if (draft.component !== undefined) fail('component to probe already specified');
  draft.component = component;
}

function findDevice(ctx: Context, name: string): ProbeRequest['device'] {
  return { name, ifindex: deviceIndex(ctx, name) };
}

function readPrefix(words: Words, current: string | undefined): string {
  if (current === undefined) fail("'prefix' argument can only be use after 'macros'");
  if (current !== '') fail("'prefix' already defined");
  words.next();
  words.require(1);
  return words.next();
}
