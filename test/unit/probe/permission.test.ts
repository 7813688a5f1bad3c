import { expect, test } from 'vitest';
import { permissionReasons } from '../../../src/probe/index.ts';

const everything = {
  status: 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n',
  unprivilegedDisabled: '2\n',
  lockdown: '[none] integrity confidentiality\n',
  uidMap: '         0          0 4294967295\n',
};

test('an administrator on an open kernel has no reason to be refused', () => {
  expect(permissionReasons(everything)).toEqual([]);
});

test('a plain user lacks capabilities and is shut out by the sysctl', () => {
  const reasons = permissionReasons({ ...everything, status: 'CapEff:\t0000000000000000\n' });
  expect(reasons.map(({ kind }) => kind)).toEqual(['capability', 'unprivilegedDisabled']);
  expect(reasons[0]).toMatchObject({ missing: ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_ADMIN', 'CAP_NET_ADMIN'] });
});

test('lockdown, user namespaces and seccomp are told of', () => {
  const reasons = permissionReasons({
    ...everything,
    status: 'CapEff:\t000001ffffffffff\nSeccomp:\t2\n',
    lockdown: 'none [integrity] confidentiality',
    uidMap: '0 1000 1\n',
  });
  expect(reasons.map(({ kind }) => kind)).toEqual(['lockdown', 'userNamespace', 'seccomp']);
});

test('facts that cannot be read accuse nobody', () => {
  const none = { status: undefined, unprivilegedDisabled: undefined, lockdown: undefined, uidMap: undefined };
  expect(permissionReasons(none)).toEqual([]);
});
