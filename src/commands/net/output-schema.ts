// JSON Schemas of what `net` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  cutShort,
  i32,
  type JsonSchema,
  list,
  nullOf,
  oneOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
  u32,
} from '../shared/json-schema.ts';

type Members = Parameters<typeof record>[1];

const device = {
  devname: text('Name of the network device'),
  ifindex: u32('Index of the network device'),
};
const onDevice = (description: string, members: Members, optional: Members = {}): JsonSchema =>
  record(description, { ...device, ...members }, optional);

const programOfMode = {
  mode: oneOf('Where the program runs', ['generic', 'driver', 'offload']),
  id: u32('Id of the program'),
};
const xdp = anyOf(
  onDevice('A device with one XDP program.', programOfMode),
  onDevice('A device with XDP programs of several modes.', {
    multi_attachments: list('One of each mode', record('A program.', programOfMode), { max: 3 }),
  }),
  onDevice('A device with an XDP program of a mode this program does not know.', {}),
);

const bits = (description: string): JsonSchema => list(description, u32('The value of a bit'), { max: 32 });
const attached = onDevice(
  'A program on a hook of tcx or netkit.',
  {
    kind: oneOf('The hook', ['tcx/ingress', 'tcx/egress', 'netkit/primary', 'netkit/peer']),
    prog_id: u32('Id of the program'),
    prog_flags: bits('Flags it was attached with'),
    link_id: u32('Id of the link it is attached by; 0 if none'),
    link_flags: bits('Flags of the link'),
  },
  { name: text('Name of the program; not if it has none or may not be opened') },
);

const byWhoever = 'Name that whoever attached it gave';
const action = record('A BPF program.', {}, { name: text(byWhoever), id: u32('Id of the program') });
const filter = record(
  'A BPF program that classifies packets.',
  {
    ifindex: device.ifindex,
    kind: text('What it belongs to: the kind of a queueing discipline or class, root, clsact/ingress or clsact/egress'),
  },
  {
    devname: device.devname,
    name: text(byWhoever),
    id: u32('Id of the program'),
    act: list('Those of its actions that are BPF programs, in the order they run', action, { max: 33 }),
  },
);

const netfilter = record('A link of netfilter, in whichever network namespace.', {
  pf: u32('Protocol family (NFPROTO_*)'),
  hook: u32('Hook number (NF_INET_*)'),
  prio: i32('Priority; lower runs earlier'),
  flags: u32('Flags (BPF_F_NETFILTER_*)'),
  id: u32('Id of the program'),
});

const dissector = record('A program.', { id: u32('Id of the program') });
/** An error stands in the list in the place of a link that could not be read. */
const links = anyOf(list('All of them', reference('netfilter')), cutShort(reference('netfilter')));

const networkOf = (required: Members): JsonSchema =>
  list(
    'One object',
    record('Programs of this network namespace, by where they are attached.', {
      xdp: list('XDP', reference('xdp')),
      ...required,
      flow_dissector: list('The program that dissects flows, if there is one', dissector, { max: 1 }),
      netfilter: links,
    }),
    { min: 1, max: 1 },
  );

const tc = list('Traffic control: hooks and filters of devices', anyOf(reference('attached'), reference('filter')));

const show = (verb: string): OutputSchemas =>
  outputOf(
    `net ${verb}`,
    'Programs attached to network devices, to this network namespace and to netfilter.',
    networkOf({ tc }),
    {
      // The list of devices failed, or that of their filters.
      failures: [networkOf({}), networkOf({ tc })],
      definitions: { xdp, attached, filter, netfilter },
    },
  );

export const netSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['net help'], 'The usage text is not printed as JSON.'),
  ...nullOf(['net attach'], 'Attaches a program to a device.'),
  ...nullOf(['net detach'], 'Detaches a program from a device.'),
};
