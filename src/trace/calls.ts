// perf_event_open(2) and the PERF_EVENT_IOC_* requests of ioctl(2): their arguments stand where a command has its attribute.
import type { CommandSpec, MemberSpec } from './commands.ts';

/** A call that the tracer follows, by the number that its records have. */
export const TracedCall = { bpf: 0, perfEventOpen: 1, ioctl: 2 } as const;
export type TracedCall = (typeof TracedCall)[keyof typeof TracedCall];

export const callNames = ['bpf', 'perf_event_open', 'ioctl'] as const;

const number = (name: string, index: number, more: Partial<MemberSpec> = {}): MemberSpec => ({
  name,
  layout: { offset: index * 8, size: 8 },
  kind: 'number',
  form: '',
  always: true,
  written: false,
  attachClass: undefined,
  ...more,
});
const fd = (name: string, index: number): MemberSpec =>
  number(name, index, { kind: 'fd', layout: { offset: index * 8, size: 4, signed: true } });
const pointer = (name: string, index: number, more: Pick<MemberSpec, 'form' | 'rule' | 'time'>): MemberSpec =>
  number(name, index, { kind: 'pointer', ...more } as Partial<MemberSpec>);
const bytes = (size: number) => ({ unit: 'bytes', count: undefined, size }) as const;

const attribute = { form: 'perf', rule: { unit: 'perf', count: undefined, size: 1 }, time: 'before' } as const;
const signed = (index: number) => ({ layout: { offset: index * 8, size: 4, signed: true } });

export const perfEventOpen: CommandSpec = {
  name: 'perf_event_open',
  members: [
    pointer('attr', 0, attribute),
    number('pid', 1, signed(1)),
    number('cpu', 2, signed(2)),
    fd('group_fd', 3),
    number('flags', 4, { kind: 'flags', form: 'perf' }),
  ],
  givesFd: true,
};

/** The argument of each request, by its number (the low byte). Source: linux/perf_event.h. */
const requests: readonly (readonly [name: string, argument?: MemberSpec])[] = [
  ['ENABLE', number('arg', 2)],
  ['DISABLE', number('arg', 2)],
  ['REFRESH', number('arg', 2)],
  ['RESET', number('arg', 2)],
  ['PERIOD', pointer('arg', 2, { form: 'u64s', rule: bytes(8), time: 'before' })],
  ['SET_OUTPUT', fd('arg', 2)],
  [
    'SET_FILTER',
    pointer('arg', 2, { form: 'text', rule: { unit: 'text', count: undefined, size: 1 }, time: 'before' }),
  ],
  ['ID', pointer('arg', 2, { form: 'u64s', rule: bytes(8), time: 'after' })],
  ['SET_BPF', fd('arg', 2)],
  ['PAUSE_OUTPUT', number('arg', 2)],
  ['QUERY_BPF', pointer('arg', 2, { form: 'query_bpf', rule: bytes(64), time: 'after' })],
  ['MODIFY_ATTRIBUTES', pointer('arg', 2, attribute)],
];

/** The type of a request, in its second byte. */
export const perfRequestType = 0x24;

/** What a request takes, by its low byte; one newer than the table has no name, and its argument is a number. */
export function ioctlSpec(request: number): CommandSpec {
  const row = requests[request & 0xff];
  if (row === undefined) {
    return { name: '', members: [fd('fd', 0), number('arg', 2, { kind: 'hex' })], givesFd: false };
  }
  return { name: `PERF_EVENT_IOC_${row[0]}`, members: [fd('fd', 0), ...(row[1] ? [row[1]] : [])], givesFd: false };
}

export const ioctlRequests = requests.length;
