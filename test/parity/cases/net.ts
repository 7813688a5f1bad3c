import { all, change, one, type Options, type ParityCase } from '../../support/parity/case.ts';

/** Every namespace is its own, but links of netfilter show from all of them. */
const inScene = (scene: string, options: Options = {}): Options => ({ scene, wholeMachine: true, ...options });

/** Scenes and a device in each, if there is one to name. */
const shown: readonly (readonly [scene: string, device?: string])[] = [
  ['empty', 'lo'],
  ['veth', 'v3'],
  ['xdp', 'v1'],
  ['tcx', 'v0'],
  ['longnames', 'v0'],
  ['clsact', 'v0'],
  ['otherfilters'],
  ['ingress', 'v3'],
  ['classful', 'v2'],
  ['prio', 'v0'],
  ['actions', 'v0'],
  ['netkit', 'kit0'],
  ['netfilter'],
  ['manytcx', 'v0'],
  ['manyfilters', 'v0'],
  ['manydevices', 'many39'],
  ['names', 'fifteen-letters'],
];

export const netShow: ParityCase[] = [
  ...shown.flatMap(([scene, device]) => [
    ...all('net show', inScene(scene)),
    ...(device === undefined ? [] : all(`net show dev ${device}`, inScene(scene))),
  ]),
  ...all('net list', inScene('xdp')),
  ...all('net list dev v0', inScene('xdp')),
  ...all('net', inScene('tcx')),
  ...one('n', inScene('tcx')),
  ...one('n s d v0', inScene('tcx')),
  ...one('net l de v0', inScene('tcx')),
  ...one(['net', 'show', '', 'v0'], inScene('tcx', { because: 'an empty word abbreviates dev' })),
  ...all('net show dev quo"ted', inScene('names')),
  ...all('net show dev back\\slash', inScene('names')),
  ...all('net show dev ünïcode', inScene('names')),
  ...one('net show', inScene('flowdissector')),
  ...one('net show dev lo', inScene('flowdissector')),
];

const noPrivilege: readonly Options[] = [
  { uid: 65534 },
  { capabilities: '' },
  { capabilities: '+sys_admin,+dac_override' },
  { capabilities: '+bpf,+dac_override' },
  { capabilities: '+net_admin,+dac_override' },
  { capabilities: '+net_admin,+bpf,+dac_override' },
  { userNamespace: true },
];

export const netRefused: ParityCase[] = [
  ...all('net help'),
  ...all('net bogus'),
  ...all('net show dev'),
  ...all('net show dev nosuchdevice'),
  ...all('net show dev a-name-that-is-much-longer-than-any'),
  ...all(['net', 'show', 'dev', '']),
  ...all('net show device lo'),
  ...all('net show lo'),
  ...all('net show dev lo more'),
  ...all('net show dev lo dev lo'),
  ...['attach', 'detach'].flatMap((verb) => [
    ...all(`net ${verb}`),
    ...all(`net ${verb} xdp`),
    ...all(`net ${verb} xdp dev`),
  ]),
  ...all('net attach xdp pinned {pin:xdp} dev'),
  ...all('net attach xdp pinned {pin:xdp} lo'),
  ...all('net attach xdp id 4294967295 dev'),
  ...all('net attach bogus pinned {pin:xdp} dev lo'),
  ...all('net attach xdpx pinned {pin:xdp} dev lo'),
  ...all('net attach xdp bogus 1 dev lo'),
  ...all('net attach xdp id 4294967295 dev lo'),
  ...all('net attach xdp id x dev lo'),
  ...all('net attach xdp pinned {pins}/absent dev lo'),
  ...all('net attach xdp pinned {pin:hash} dev lo'),
  ...all('net attach xdp name nosuchname dev lo'),
  ...all('net attach xdp tag {tag:twin1} dev lo', { needs: ['twin1', 'twin2'] }),
  ...all('net attach xdp pinned {pin:xdp} device lo'),
  ...all('net attach xdp pinned {pin:xdp} dev nosuchdevice'),
  ...all('net attach xdp pinned {pin:xdp} dev nosuchdevice bogus'),
  ...all('net attach xdp pinned {pin:xdp} dev lo bogus'),
  ...all('net attach xdp pinned {pin:xdp} dev lo prepend'),
  ...all('net attach xdpoffload pinned {pin:xdp} dev lo prep'),
  ...all('net attach tcx_ingress pinned {pin:classifier} dev lo overwrite'),
  ...all('net attach tcx_egress pinned {pin:classifier} dev lo over'),
  ...one(['net', 'attach', 'tcx_egress', 'pinned', '{pin:classifier}', 'dev', 'lo', ''], {
    because: 'an empty word abbreviates overwrite',
  }),
  ...all('net detach bogus dev lo'),
  ...all('net detach xdp dev nosuchdevice'),
  ...all('net detach xdp lo dev'),
  ...all('net detach tcx_ingress dev nosuchdevice'),
  ...noPrivilege.flatMap((options) => [
    ...all('net show', inScene('veth', options)),
    ...one('net attach xdp pinned {pin:xdp} dev v0', inScene('veth', options)),
    ...one('net detach xdp dev v0', inScene('veth', options)),
    ...one('net attach tcx_ingress pinned {pin:classifier} dev v0', inScene('veth', options)),
    ...one('net detach tcx_ingress dev v0', inScene('veth', options)),
  ]),
].map((parityCase) => ({ ...parityCase, scene: parityCase.scene ?? 'empty' }));

/** What is attached afterwards, as the reference shows it. */
const after = ['net show', '-j net show'];
const changed = (words: string, scene: string, options: Options = {}): ParityCase[] =>
  change(words, after, { scene, ...options });

export const netChange: ParityCase[] = [
  ...changed('net attach xdp pinned {pin:xdp} dev v0', 'veth'),
  ...changed('net attach xdpgeneric pinned {pin:xdp} dev v0', 'veth'),
  ...changed('net attach xdpdrv pinned {pin:xdp} dev v0', 'veth'),
  ...changed('net attach xdpoffload pinned {pin:xdp} dev v0', 'veth'),
  ...changed('net attach xdpdrv pinned {pin:xdp} dev lo', 'veth'),
  ...changed('net attach xdp id {id:xdp} dev v2', 'veth'),
  ...changed('net attach xdp name {name:xdp} dev v2', 'veth'),
  ...changed('net attach xdp tag {tag:xdp} dev v2 overwrite more words', 'veth'),
  ...changed('n a x p {pin:xdp} d v1 o', 'veth'),
  ...changed('net attach xdpg pinned {pin:xdp} dev v1', 'veth'),
  ...changed('net attach tcx_ingress pinned {pin:classifier} dev v0', 'veth'),
  ...changed('net attach tcx_egress pinned {pin:classifier} dev v0 prepend', 'veth'),
  ...changed('net attach t pinned {pin:classifier} dev v0 p', 'veth'),
  // Another program than the attached ones, before and after them.
  ...changed('net attach tcx_ingress pinned {pin:classifier} dev v0', 'tcx'),
  ...changed('net attach tcx_ingress pinned {pin:classifier} dev v0 prepend', 'tcx'),
  ...changed('net attach tcx_egress pinned {pin:classifier} dev v0 prepend', 'tcx'),
  ...changed('net attach tcx_ingress pinned {pin:classifier} dev v0', 'manytcx'),
  ...changed('net attach tcx_ingress pinned {pin:classifier} dev v0 prepend', 'manytcx'),
  // What is attached already, by a link or in another mode.
  ...changed('net attach xdp pinned {pin:xdp} dev v0', 'xdp'),
  ...changed('net attach xdp pinned {pin:xdp} dev v0 overwrite', 'xdp'),
  ...changed('net attach xdp pinned {pin:runxdp} dev v0 overwrite', 'xdp'),
  ...changed('net attach xdpgeneric pinned {pin:xdp} dev v0 overwrite', 'xdp'),
  ...changed('net attach xdpdrv pinned {pin:xdp} dev v1', 'xdp'),
  ...changed('net attach xdp pinned {pin:xdp} dev v4', 'xdp'),
  ...changed('net attach xdp pinned {pin:xdp} dev v4 overwrite', 'xdp'),
  // Programs of another type.
  ...changed('net attach xdp pinned {pin:classifier} dev v0', 'veth'),
  ...changed('net attach xdpgeneric pinned {pin:filter} dev v0', 'veth'),
  ...changed('net attach tcx_ingress pinned {pin:xdp} dev v0', 'veth'),
  ...changed('net attach tcx_egress pinned {pin:cgroupskb} dev v0', 'veth'),
  ...changed('net attach tcx_egress pinned {pin:xdp} dev v0 prepend', 'veth'),
  ...changed('net detach xdp dev v0', 'xdp'),
  ...changed('net detach xdpgeneric dev v1', 'xdp'),
  ...changed('net detach xdpdrv dev v2', 'xdp'),
  ...changed('net detach xdpgeneric dev v2', 'xdp'),
  ...changed('net detach xdpoffload dev v2', 'xdp'),
  ...changed('net detach xdp dev v4', 'xdp'),
  ...changed('net detach xdp dev v3', 'xdp'),
  ...changed('n d x d lo more words', 'xdp'),
  ...changed('net detach tcx_ingress dev v0', 'tcx'),
  ...changed('net detach tcx_egress dev v0', 'tcx'),
  ...changed('net detach tcx_egress dev v3', 'tcx'),
  ...changed('net detach tcx_egress dev v2', 'tcx'),
  ...changed('net detach tcx_egress dev v0', 'manytcx'),
];
