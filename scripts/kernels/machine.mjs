// Starts one kernel in QEMU and collects what its tests wrote to the second serial port.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** How a machine of a processor, in Debian's words, is made; `words` has it write what tests tell into a file. */
export const processors = {
  amd64: {
    program: 'qemu-system-x86_64',
    console: 'ttyS0',
    /** Where the tests find that file. */
    results: '/dev/ttyS1',
    words: (file) => ['-cpu', 'max', '-serial', `file:${file}`],
  },
  arm64: {
    program: 'qemu-system-aarch64',
    console: 'ttyAMA0',
    results: '/dev/vport0p1',
    words: (file) => [
      // Signing pointers as the architecture says takes an emulator as long as all else.
      ...['-machine', 'virt', '-cpu', 'max,pauth-impdef=on'],
      ...['-device', 'virtio-serial-pci', '-chardev', `file,id=results,path=${file}`],
      ...['-device', 'virtserialport,chardev=results,name=results'],
    ],
  },
};

/**
 * Runs the machine to its end or its time limit.
 * @returns {Promise<{results: object[], ended: boolean, seconds: number, consoleTail: string}>}
 */
export async function runMachine({ image, initramfs, folder, minutes, architecture = 'amd64' }) {
  const consoleFile = path.join(folder, 'console.log');
  const resultFile = path.join(folder, 'results.jsonl');
  for (const file of [consoleFile, resultFile]) rmSync(file, { force: true });
  const started = Date.now();
  const { program, words, console } = processors[architecture];
  const machine = spawn(
    program,
    [
      ...['-accel', 'tcg,thread=multi', '-smp', '2', '-m', '2048', '-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', image, '-initrd', initramfs],
      ...[
        '-append',
        `console=${console} panic=-1 quiet loglevel=4 nokaslr mitigations=off random.trust_cpu=on lsm=bpf`,
      ],
      ...['-serial', 'stdio'],
      ...words(resultFile),
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
