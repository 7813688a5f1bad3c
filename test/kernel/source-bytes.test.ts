// Source lines are bytes: plain output has them as they are, JSON is UTF-8.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { rmSync } from 'node:fs';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const pin = '/sys/fs/bpf/source_bytes';
const run = (...words: string[]): Buffer =>
  spawnSync(process.execPath, [path.join(project, 'bin/tsbpftool.js'), ...words], { maxBuffer: 1 << 24 }).stdout;

describe('source lines that are no UTF-8', () => {
  it.each([[[]], [['linum']], [['opcodes']], [['visual']]])('pass through plain output with %o', (more) => {
    run('prog', 'load', path.join(project, 'test/fixtures/objects/source-bytes.bpf.o'), pin);
    try {
      const text = run('prog', 'dump', 'xlated', 'pinned', pin, ...more);
      for (const hex of ['6772f6df6572', '6772c3b6c39f6572', 'f09f9880']) {
        expect(text.indexOf(Buffer.from(hex, 'hex'))).toBeGreaterThan(0);
      }
      expect(text.includes(Buffer.from('\ufffd'))).toBe(false);
    } finally {
      rmSync(pin, { force: true });
    }
  });

  it('are replaced in JSON, which stays valid', () => {
    run('prog', 'load', path.join(project, 'test/fixtures/objects/source-bytes.bpf.o'), pin);
    try {
      const bytes = run('-j', 'prog', 'dump', 'xlated', 'pinned', pin);
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      expect(JSON.stringify(JSON.parse(text))).toContain('gr\u00f6\u00dfer');
      expect(text).toContain('gr\ufffd\ufffder');
    } finally {
      rmSync(pin, { force: true });
    }
  });
});
