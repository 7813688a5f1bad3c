// Starts one kernel in QEMU and collects what its tests wrote to the second serial port.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs the machine to its end or its time limit.
 * @returns {Promise<{results: object[], ended: boolean, seconds: number, consoleTail: string}>}
 */
export async function runMachine({ image, initramfs, folder, minutes }) {
  const consoleFile = path.join(folder, 'console.log');
  const resultFile = path.join(folder, 'results.jsonl');
  for (const file of [consoleFile, resultFile]) rmSync(file, { force: true });
  const started = Date.now();
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...[
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-smp',
        '2',
        '-m',
        '2048',
        '-nodefaults',
        '-display',
        'none',
        '-no-reboot',
      ],
      ...['-kernel', image, '-initrd', initramfs],
      ...['-append', 'console=ttyS0 panic=-1 quiet loglevel=4 nokaslr mitigations=off random.trust_cpu=on lsm=bpf'],
      ...['-serial', 'stdio', '-serial', `file:${resultFile}`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = createWriteStream(consoleFile);
  machine.stdout.pipe(log);
  machine.stderr.pipe(log, { end: false });
  const timer = setTimeout(() => machine.kill('SIGKILL'), minutes * 60_000);
  const stop = () => machine.kill('SIGKILL');
  process.once('exit', stop);
  await new Promise((resolve, reject) => {
    machine.once('error', reject);
    machine.once('close', resolve);
  });
  clearTimeout(timer);
  process.removeListener('exit', stop);
  const lines = existsSync(resultFile) ? readFileSync(resultFile, 'utf8').split('\n') : [];
  const results = lines.flatMap((line) => {
    try {
      return line.trim() === '' ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  const tail = readFileSync(consoleFile, 'latin1').split('\n').slice(-25).join('\n');
  return {
    results: results.filter((result) => result.test !== undefined),
    ended: results.some((result) => result.ended === true),
    seconds: Math.round((Date.now() - started) / 1000),
    consoleTail: tail,
  };
}
