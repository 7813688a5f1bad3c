import { all, change, one, type Options, type ParityCase } from '../../support/parity/case.ts';
import { oldHooks, youngHooks } from '../../support/parity/fixtures/cgroups.ts';

const groups = [
  'group-empty',
  'group-one',
  'group-override',
  'group-multi',
  'group-preorder',
  'group-every',
  'group-unix',
  'group-named',
  'group-linked',
  'group-lsm',
  'group-deep',
  'group-tree',
];

/** Before 6.0 the reference asks for flags that the kernel does not know, and lists nothing. */
const before60: Options = { lists: 'cgroup' };

export const cgroupShow: ParityCase[] = [
  ...groups.flatMap((key) => all(`cgroup show {path:${key}}`, key === 'group-empty' ? {} : before60)),
  ...groups.flatMap((key) => all(`cgroup show {path:${key}} effective`)),
  ...all('cgroup list {path:group-multi}', before60),
  ...all('cgroup list {path:group-tree}/middle/end effective'),
  ...all('cgroup show {path:group-tree}/middle'),
  ...all('cgroup show {path:group-tree}/middle effective'),
  ...all(['cgroup', 'show', '{path:group-tree}/empty/also empty', 'effective']),
  ...all('cgroup show {path:group-linked}/', before60),
  ...all('-f cgroup show {path:group-multi}', before60),
  ...one('c s {path:group-multi}', before60),
  ...one('c l {path:group-multi} e'),
  ...one('cgroup s {path:group-multi} eff'),
  ...one('-d cgroup show {path:group-multi}', before60),
  ...one('-d -j cgroup show {path:group-multi} effective'),
  ...one('-d cgroup show {path:group-empty}'),
  ...one('-n -m cgroup show {path:group-one}', before60),
];

export const cgroupShowRefused: ParityCase[] = [
  ...all('cgroup show'),
  ...all('cgroup list'),
  ...all('cgroup'),
  ...all('cgroup show {path:group-one}/absent'),
  ...all('cgroup show {path:group-one}/cgroup.procs'),
  ...all('cgroup show {path:group-one}/cgroup.procs effective'),
  ...all('cgroup show /dev/null'),
  ...all('cgroup show /proc'),
  ...all('cgroup show {tmp}'),
  ...all('cgroup show {tmp} effective'),
  ...all('cgroup show {pins}'),
  ...all(['cgroup', 'show', '']),
  ...all('cgroup show {path:group-one} bogus'),
  ...all('cgroup show {path:group-one} effective effective'),
  ...all('cgroup show {path:group-one} effective e'),
  ...all('cgroup show {path:group-one} effective bogus'),
  ...all('cgroup show {path:group-one} effectively'),
  ...all(['cgroup', 'show', '{path:group-empty}', '']),
  ...all('cgroup show effective'),
  ...all('cgroup show {tmp}/v1', { within: "mkdir -p '{tmp}/v1' && mount -t tmpfs none '{tmp}/v1'" }),
  ...one('cgroup show {path:group-one}', { uid: 65534 }),
  ...one('-j cgroup show {path:group-one} effective', { uid: 65534 }),
  ...one('cgroup sho {path:group-one} "'),
  ...one('cgroup showing {path:group-one}'),
];

export const cgroupTree: ParityCase[] = [
  ...['group-tree', 'group-wide', 'group-deep', 'group-every', 'group-empty', 'group-linked'].flatMap((key) => [
    ...all(`cgroup tree {path:${key}}`, key === 'group-empty' ? {} : before60),
    ...all(`cgroup tree {path:${key}} effective`),
  ]),
  ...all('cgroup tree {path:group-tree}///', before60),
  ...all('cgroup tree {path:group-tree}/../tree', before60),
  ...all('cgroup tree', { needs: ['group-tree', 'group-linked'], wholeMachine: true, ...before60 }),
  ...one('c t {path:group-tree} eff'),
  ...one('-f cgroup tree {path:group-multi}', before60),
  ...one('-d cgroup tree {path:group-tree}', before60),
  ...one('-d cgroup tree {path:group-empty}'),
];

const unmounted = 'umount -a -l -t cgroup2';

export const cgroupTreeRefused: ParityCase[] = [
  ...all('cgroup tree {path:group-tree}/absent'),
  ...all('cgroup tree {path:group-tree}/cgroup.procs'),
  ...all('cgroup tree /dev/null'),
  ...all('cgroup tree {tmp}'),
  ...all('cgroup tree {tmp} effective'),
  ...all('cgroup tree /proc/self/net'),
  ...all('cgroup tree effective'),
  ...all(['cgroup', 'tree', '']),
  ...all('cgroup tree {path:group-tree} bogus'),
  ...all('cgroup tree {path:group-tree} effective effective'),
  ...all('cgroup tree {path:group-tree} e e'),
  ...all('cgroup tree', { within: unmounted }),
  ...all('cgroup tree {path:group-empty}', { within: unmounted }),
  ...all('cgroup tree {tmp}', { within: unmounted }),
  ...one('cgroup tree {path:group-tree}', { uid: 65534 }),
  ...one('-j cgroup tree {path:group-tree}', { uid: 65534 }),
];

/** What the reference shows of the group afterwards, in JSON, which is compared without the programs' ids. */
const shownOf = (group: string) => [`-j cgroup show {path:${group}} effective`];

/** The older names, by the kernel's. */
const oldNames: Record<string, string> = {
  inet_ingress: 'ingress',
  inet_egress: 'egress',
  inet_sock_create: 'sock_create',
  inet_sock_release: 'sock_release',
  sock_ops: 'sock_ops',
  device: 'device',
  inet4_bind: 'bind4',
  inet6_bind: 'bind6',
  inet4_connect: 'connect4',
  inet6_connect: 'connect6',
  inet4_post_bind: 'post_bind4',
  inet6_post_bind: 'post_bind6',
  inet4_getpeername: 'getpeername4',
  inet6_getpeername: 'getpeername6',
  inet4_getsockname: 'getsockname4',
  inet6_getsockname: 'getsockname6',
  udp4_sendmsg: 'sendmsg4',
  udp6_sendmsg: 'sendmsg6',
  sysctl: 'sysctl',
  udp4_recvmsg: 'recvmsg4',
  udp6_recvmsg: 'recvmsg6',
  getsockopt: 'getsockopt',
  setsockopt: 'setsockopt',
};

export const cgroupAttach: ParityCase[] = [
  ...[...oldHooks, ...youngHooks].flatMap((hook) =>
    change(`cgroup attach {path:group-own} ${fullName(hook)} pinned {pin:for-${hook}}`, shownOf('group-own')).slice(
      0,
      1,
    ),
  ),
  ...Object.entries(oldNames).flatMap(([hook, oldName]) =>
    change(`cgroup attach {path:group-own} ${oldName} pinned {pin:for-${hook}} multi`, shownOf('group-own')).slice(1),
  ),
  // The first name in the order of the kernel's numbers is meant: in is ingress, s is sock_create, con is connect4.
  ...[
    ['in', 'inet_ingress'],
    ['e', 'inet_egress'],
    ['s', 'inet_sock_create'],
    ['sock_o', 'sock_ops'],
    ['con', 'inet4_connect'],
    ['connect6', 'inet6_connect'],
    ['post', 'inet4_post_bind'],
    ['sendmsg', 'udp4_sendmsg'],
    ['getp', 'inet4_getpeername'],
    ['gets', 'inet4_getsockname'],
    ['', 'inet_ingress'],
    ['cgroup_unix_c', 'unix_connect'],
  ].flatMap(([word, hook]) =>
    change(['cgroup', 'attach', '{path:group-own}', word!, 'pinned', `{pin:for-${hook}}`], shownOf('group-own')).slice(
      0,
      1,
    ),
  ),
  ...change('cgroup attach {path:group-own} ingress id {id:for-inet_ingress} multi', shownOf('group-own')),
  ...change('cgroup attach {path:group-own} ingress name {name:for-inet_ingress} override', shownOf('group-own')),
  ...change('cgroup attach {path:group-own} egress tag {tag:for-inet_egress} m', shownOf('group-own')),
  ...change(
    'cgroup attach {path:group-own} ingress pinned {pin:for-inet_ingress} multi override',
    shownOf('group-own'),
  ),
  ...change('cgroup attach {path:group-own} ingress pinned {pin:for-inet_ingress} multi multi', shownOf('group-own')),
  ...change('cgroup attach {path:group-multi} ingress pinned {pin:for-inet_ingress} multi', shownOf('group-multi')),
  ...change('cgroup attach {path:group-multi} ingress pinned {pin:for-inet_ingress}', shownOf('group-multi')),
  ...change('cgroup attach {path:group-one} ingress pinned {pin:for-inet_ingress}', shownOf('group-one')),
  ...change('c a {path:group-own} ing pin {pin:for-inet_ingress} o', shownOf('group-own')),
];

export const cgroupDetach: ParityCase[] = [
  ...change('cgroup detach {path:group-attached} ingress pinned {pin:attached-ingress}', shownOf('group-attached')),
  ...change(
    'cgroup detach {path:group-attached} cgroup_inet_ingress id {id:attached-ingress}',
    shownOf('group-attached'),
  ),
  ...change('cgroup detach {path:group-attached} in name {name:attached-ingress}', shownOf('group-attached')),
  ...change(
    'cgroup detach {path:group-attached} ingress pinned {pin:attached-ingress} more words',
    shownOf('group-attached'),
  ),
  ...change('cgroup detach {path:group-attached} egress pinned {pin:attached-ingress}', shownOf('group-attached')),
  ...change('cgroup detach {path:group-multi} ingress pinned {pin:for-inet_ingress}', shownOf('group-multi')),
  ...change('c d {path:group-attached} ing pin {pin:attached-ingress}', shownOf('group-attached')),
];

export const cgroupChangeRefused: ParityCase[] = ['attach', 'detach'].flatMap((verb) => [
  ...all(`cgroup ${verb}`),
  ...all(`cgroup ${verb} {path:group-empty}`),
  ...all(`cgroup ${verb} {path:group-empty} ingress`),
  ...all(`cgroup ${verb} {path:group-empty} ingress pinned`),
  ...all(`cgroup ${verb} {path:group-empty}/absent ingress pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty}/absent bogus bogus bogus`),
  ...all(`cgroup ${verb} {path:group-empty} bogus pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty} cgroup_inet pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty} INGRESS pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty} ingress bogus 1`),
  ...all(`cgroup ${verb} {path:group-empty} ingress id x`),
  ...all(`cgroup ${verb} {path:group-empty} ingress id 4294967295`),
  ...all(`cgroup ${verb} {path:group-empty} ingress name nosuchname`),
  ...all(`cgroup ${verb} {path:group-empty} ingress tag xyz`),
  ...all(`cgroup ${verb} {path:group-empty} ingress pinned {pins}/absent`),
  ...all(`cgroup ${verb} {path:group-empty} ingress pinned {pin:hash}`),
  ...all(`cgroup ${verb} {path:group-empty} ingress tag {tag:twin1}`, { needs: ['twin1', 'twin2'] }),
  ...all(`cgroup ${verb} {path:group-empty} device pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty} xdp pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty} lsm_cgroup pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {path:group-empty}/cgroup.procs ingress pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} {tmp} ingress pinned {pin:for-inet_ingress}`),
  ...all(`cgroup ${verb} /dev/null ingress pinned {pin:for-inet_ingress}`),
  ...one(`cgroup ${verb} {path:group-empty} ingress id 1`, { uid: 65534 }),
  ...one(`-j cgroup ${verb} {path:group-empty} ingress id 1`, { uid: 65534 }),
  ...one(`cgroup ${verb} {path:group-empty} ingress pinned {pin:for-inet_ingress} bogus`).filter(
    () => verb === 'attach',
  ),
  ...one(`-j cgroup ${verb} {path:group-empty} ingress pinned {pin:for-inet_ingress} multi bogus`).filter(
    () => verb === 'attach',
  ),
]);

function fullName(hook: string): string {
  return `cgroup_${hook}`;
}
