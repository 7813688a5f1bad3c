import { all, one, type ParityCase } from '../../support/parity/case.ts';

/** A virtual machine or container may have no configuration to read; then a line says so on standard error. */
export const featureProbe: ParityCase[] = [
  ...all('feature probe'),
  ...all('feature probe kernel'),
  ...all('feature probe full'),
  ...one('feature probe kernel full'),
  ...one('feature probe macros'),
  ...one('feature probe macros full'),
  ...one('feature probe macros prefix TEST_'),
  ...one('feature probe full macros prefix _ kernel'),
  ...one('-j feature probe macros prefix TEST_'),
  ...one(['feature', 'probe', 'macros', 'prefix', '']),
  ...one(['feature', 'probe', 'macros', 'prefix', '', 'prefix', 'X_']),
  ...one(['feature', 'probe', 'macros', 'prefix', 'a b\\"']),
  ...one('-d feature probe'),
  ...one('-f feature probe kernel'),
  ...one('f p k f'),
  ...one('feature p k m pre Y_'),
  ...one('feature'),
  ...one('-p feature'),
];

export const featureProbeDevice: ParityCase[] = [
  ...all('feature probe dev lo'),
  ...all('feature probe dev lo full'),
  ...one('feature probe dev lo macros'),
  ...one('feature probe full macros prefix LO_ dev lo'),
  ...one('f p d lo'),
  ...all('feature probe dev lo unprivileged'),
];

export const featureProbeUnprivileged: ParityCase[] = [
  ...all('feature probe unprivileged'),
  ...one('feature probe unprivileged full'),
  ...one('feature probe unprivileged macros'),
  ...one('feature probe u k'),
  ...one('feature probe unprivileged', { uid: 65534 }),
  ...one('-p feature probe kernel unprivileged full', { uid: 65534 }),
  ...one('feature probe unprivileged unprivileged macros prefix U_', { uid: 65534 }),
];

export const featureProbeRefused: ParityCase[] = [
  ...all('feature probe bogus'),
  ...all('feature probe kernel bogus'),
  ...all('feature probe kernel kernel'),
  ...all('feature probe kernel dev lo'),
  ...all('feature probe dev lo kernel'),
  ...all('feature probe dev lo dev lo'),
  ...all('feature probe dev'),
  ...all('feature probe dev nosuchdevice'),
  ...all('feature probe dev a-name-that-is-too-long-for-a-device'),
  ...all(['feature', 'probe', 'dev', '']),
  ...all('feature probe prefix X_'),
  ...all('feature probe macros prefix'),
  ...all('feature probe macros prefix X_ prefix Y_'),
  ...all('feature probe macros macros'),
  ...all('feature probe prefix'),
  ...all('feature probe fuller'),
  ...all('feature probe', { uid: 65534 }),
  ...all('feature probe full kernel', { uid: 65534 }),
  ...one('feature probe dev lo', { uid: 65534 }),
  ...one('feature probe bogus', { uid: 65534 }),
];

/** The settings of the system where they cannot be read. */
export const featureProbeElsewhere: ParityCase[] = [
  ...all('feature probe kernel', { within: 'mount -t tmpfs none /proc/sys', because: 'no settings' }),
  ...one('feature probe macros', { within: 'mount -t tmpfs none /boot', because: 'no configuration in its place' }),
];
