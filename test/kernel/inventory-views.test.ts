// top, metrics, watch, snapshot, diff and graph as they are run: what they print fits their schemas, and other programs read it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventorySchemas } from '../../src/commands/snapshot/output-schema.ts';
import { testRun } from '../../src/kernel/index.ts';
import { kernel, Scope } from '../support/inventory/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, schemas: Object.values(inventorySchemas) });
const evil = '/sys/fs/bpf/inv_"<script>alert(1)<\\`$(x)';
const escapes = '/sys/fs/bpf/inv_\x1b]0;x\x07\n';

let folder: string;
let scope: Scope;
const at = (name: string) => path.join(folder, name);

function run(args: readonly string[], how: { input?: string; env?: Record<string, string> } = {}) {
  const env = { ...process.env, ...how.env };
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], {
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 27,
  });
  return { status, stdout, stderr };
}
const ok = (line: string) => {
  const { status, stdout, stderr } = run(line.split(' '));
  expect(status, stderr).toBe(0);
  return stdout;
};
function fits(command: string, document: unknown, part = 'output'): void {
  const validate = ajv.getSchema(`urn:tsbpftool:output:${command}#/$defs/${part}`)!;
  expect(validate(document), `${command}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
}
const hasProgram = (name: string) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'inventory-views-'));
  scope = new Scope();
  const map = scope.map({ name: 'inv_view_map' });
  const program = scope.program('inv_view_prog', { maps: [map] });
  scope.pin(program, evil);
  scope.pin(map, escapes);
});
afterAll(() => {
  scope[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('snapshot and diff', () => {
  it('write a document that fits its schema, and find nothing different at once', () => {
    ok(`snapshot ${at('a.json')}`);
    const text = readFileSync(at('a.json'), 'utf8');
    fits('snapshot', JSON.parse(text));
    expect(JSON.parse(ok('-j snapshot')).format).toBe('tsbpftool inventory');
    // Others may load and free objects meanwhile: ours are the same.
    const { stdout } = run(['diff', at('a.json')]);
    expect(stdout).not.toContain('inv_view');
    expect(ok(`diff ${at('a.json')} ${at('a.json')}`)).toBe('');
  });

  it('tell what came, went and changed, with status 1, whatever its id', () => {
    using before = new Scope();
    before.map({ name: 'inv_gone' });
    before.program('inv_new_code', { result: 0 });
    before.map({ name: 'inv_resized', maxEntries: 4 });
    ok(`snapshot ${at('before.json')}`);
    before[Symbol.dispose]();
    using after = new Scope();
    after.map({ name: 'inv_come' });
    after.program('inv_new_code', { result: 1 });
    after.map({ name: 'inv_resized', maxEntries: 5 });
    const { status, stdout } = run(['-j', 'diff', at('before.json')]);
    expect(status).toBe(1);
    const changes = JSON.parse(stdout) as {
      change: string;
      name: string;
      fields: { field: string; before: string; after: string }[];
    }[];
    fits('diff', changes);
    const ofName = (name: string) => changes.filter((change) => change.name === name);
    expect(ofName('inv_gone').map(({ change }) => change)).toEqual(['removed']);
    expect(ofName('inv_come').map(({ change }) => change)).toEqual(['added']);
    expect(ofName('inv_new_code')).toMatchObject([{ change: 'changed', fields: [{ field: 'tag' }] }]);
    expect(ofName('inv_resized')).toMatchObject([
      { change: 'changed', fields: [{ field: 'max_entries', before: '4', after: '5' }] },
    ]);
    expect(run(['diff', at('before.json')]).stdout).toMatch(/^- map hash inv_gone/m);
  });

  it('keep elements of maps', () => {
    const map = 'inv_view_map';
    ok(`snapshot --maps ${map} ${at('elements.json')}`);
    const update = ['map', 'update', 'name', map, 'key', '1', '0', '0', '0', 'value', '2', '0', '0', '0'];
    expect(run(update).status).toBe(0);
    const { status, stdout } = run(['-j', 'diff', at('elements.json')]);
    expect(status).toBe(1);
    expect((JSON.parse(stdout) as { kind: string }[]).filter(({ kind }) => kind === 'elements')).toHaveLength(1);
  });

  it('are what views take in the place of the kernel', () => {
    for (const line of ['graph', 'metrics', 'why map name inv_view_map', '-j graph', '-j gc']) {
      const stdout = run([...line.split(' '), ...(line.includes('gc') ? [] : ['--snapshot', at('a.json')])]).stdout;
      expect(stdout.length, line).toBeGreaterThan(1);
    }
  });

  it.each([
    ['', 'Unexpected end'],
    ['{}', 'is no inventory'],
    ['{"format":"tsbpftool inventory","version":99}', 'has version 99'],
    ['{"format":"tsbpftool inventory","version":1}', 'is damaged'],
    [
      '{"format":"tsbpftool inventory","version":1,"programs":[null],"maps":[],"links":[],"btfs":[],"attachments":[],"missing":[]}',
      'is damaged',
    ],
    ['[]', 'is no inventory'],
  ])('refuse %s', (text, reason) => {
    writeFileSync(at('bad.json'), text);
    const { status, stderr } = run(['diff', at('bad.json')]);
    expect(status).toBe(255);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('internal error');
  });
});

describe('metrics', () => {
  it('are read by the parser of Prometheus itself, hostile names included', (context) => {
    const python = '/usr/bin/python3';
    if (spawnSync(python, ['-c', 'import prometheus_client']).status !== 0)
      return context.skip('python3-prometheus-client is not installed');
    const text = ok('metrics');
    const script = `
import sys, json
from prometheus_client.openmetrics.parser import text_string_to_metric_families as new
from prometheus_client.parser import text_string_to_metric_families as old
text = open(sys.argv[1], newline='').read()
print(json.dumps([sorted(f.name for f in new(text)), sum(len(f.samples) for f in new(text)), sum(len(f.samples) for f in old(text))]))`;
    writeFileSync(at('metrics'), text);
    const [names, count, oldCount] = JSON.parse(
      execFileSync(python, ['-c', script, at('metrics')], { encoding: 'utf8' }),
    ) as [string[], number, number];
    expect(names).toEqual(
      expect.arrayContaining([
        'bpf_program_info',
        'bpf_program_runs',
        'bpf_program_run_time_seconds',
        'bpf_map_memory_bytes',
        'bpf_object_holders',
      ]),
    );
    expect(oldCount).toBe(count);
    fits('metrics', JSON.parse(ok('-j metrics')));
  });

  it('are written whole, and values of maps with them', () => {
    run(['map', 'update', 'name', 'inv_view_map', 'key', '7', '0', '0', '0', 'value', '9', '0', '0', '0']);
    ok(`metrics -o ${at('bpf.prom')} --map inv_view_map`);
    expect(readFileSync(at('bpf.prom'), 'utf8')).toMatch(/# EOF\n$/);
    expect(run(['metrics', '--map', 'inv_no_such']).stderr).toContain('no map has name inv_no_such');
    expect(ok('metrics --limit 3')).toMatch(/bpf_exporter_dropped_series \d{1,}\n# EOF\n$/);
  });

  const get = (options: object) =>
    new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
      const request = httpRequest({ ...options, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
        );
      });
      request.on('error', reject).end();
    });

  it('are served on 127.0.0.1 and on a socket, to GET /metrics alone; statistics end with the process', async () => {
    const statistics = () => readFileSync('/proc/sys/kernel/bpf_stats_enabled', 'utf8').trim();
    const before = statistics();
    for (const where of [':0', `unix:${at('socket')}`]) {
      const child = spawn(process.execPath, [tool, 'metrics', '--listen', where], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      try {
        let told = '';
        for await (const part of child.stderr) {
          told += part;
          if (told.includes('listening')) break;
        }
        const port = /127\.0\.0\.1:(\d+)/.exec(told)?.[1];
        const target = where === ':0' ? { host: '127.0.0.1', port } : { socketPath: at('socket') };
        const answer = await get({ ...target, path: '/metrics', headers: { accept: 'application/openmetrics-text' } });
        expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('openmetrics') });
        expect(answer.text).toContain('name="inv_view_prog"');
        expect((await get({ ...target, path: '/metrics' })).type).toContain('version=0.0.4');
        expect((await get({ ...target, path: '/' })).status).toBe(404);
        expect((await get({ ...target, path: '/metrics', method: 'POST' })).status).toBe(405);
        const many = await Promise.all(Array.from({ length: 8 }, () => get({ ...target, path: '/metrics' })));
        expect(new Set(many.map(({ text }) => text)).size).toBe(1);
      } finally {
        child.kill(where === ':0' ? 'SIGTERM' : 'SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    }
    expect(statistics()).toBe(before);
    // The socket that the killed one left is no hindrance.
    expect(existsSync(at('socket'))).toBe(true);
  }, 60_000);
});

describe('watch', () => {
  it('reports every program of 1,000 that live for an instant, or counts it as lost', async () => {
    const child = spawn(process.execPath, [tool, '-j', 'watch', '--duration', '600', '--interval', '0.2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    const marker = () => {
      using one = new Scope();
      one.program('inv_marker');
    };
    for (let i = 0; i < 400 && !text.includes('inv_marker'); i++) {
      marker();
      await pause(50);
    }
    for (let i = 0; i < 1000; i++) {
      using one = new Scope();
      one.program('inv_instant', { result: i });
    }
    using later = new Scope();
    later.map({ name: 'inv_watched' });
    const lines = () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { event: string; identity: string; count?: number });
    const count = (event: string) =>
      lines().filter((line) => line.event === event && line.identity.includes('inv_instant')).length;
    for (let i = 0; i < 300 && !(count('unload') >= 1000 && text.includes('inv_watched')); i++) await pause(100);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const lost = lines().reduce((sum, line) => sum + (line.count ?? 0), 0);
    if (lost === 0) expect([count('load'), count('unload')]).toEqual([1000, 1000]);
    else expect(count('load') + count('unload') + lost).toBeGreaterThanOrEqual(2000);
    expect(lines().some(({ event, identity }) => event === 'add' && identity === 'map hash inv_watched')).toBe(true);
    for (const line of lines().slice(0, 50)) fits('watch', line);
    expect(text.endsWith('}\n')).toBe(true);
  }, 60_000);

  it('tells what is not on a list, and ends with a status', () => {
    writeFileSync(at('allow'), '# everything\n*\n');
    expect(run(['watch', '--duration', '0.2', '--allow', at('allow')])).toMatchObject({ status: 0, stdout: '' });
    writeFileSync(at('allow'), 'map *\nlink *\nattachment *\n');
    const { status, stdout } = run(['watch', '--duration', '0.2', '--allow', at('allow')]);
    expect(status).toBe(1);
    expect(stdout).toContain('prog socket_filter inv_view_prog');
    expect(stdout).not.toContain('inv_view_map');
  });
});

describe('graph', () => {
  it('draws what keeps what, in all formats, with names that nothing takes for its own', () => {
    const graph = JSON.parse(ok('-j graph map name inv_view_map')) as {
      nodes: { id: string; label: string }[];
      edges: { kind: string }[];
    };
    fits('graph', graph);
    expect(graph.nodes.some(({ label }) => label.includes('<script>'))).toBe(true);
    expect(new Set(graph.edges.map(({ kind }) => kind))).toEqual(new Set(['holds', 'pins', 'uses']));
    for (const format of ['dot', 'mermaid', 'svg', 'html']) {
      const text = ok(`graph --format ${format} map name inv_view_map`);
      expect(text, format).toContain('inv_view_prog');
      expect(control.test(text), format).toBe(false);
      if (format === 'svg' || format === 'html') expect(text).not.toContain('<script>alert');
      if (format === 'html') expect(text).not.toMatch(/(?:src|href)=/);
    }
  });

  it('makes DOT that Graphviz takes, and SVG that is XML', (context) => {
    if (!hasProgram('dot')) return context.skip('dot is not installed');
    const drawn = spawnSync('dot', ['-Tsvg'], { input: ok('graph'), encoding: 'utf8' });
    expect(drawn).toMatchObject({ status: 0, stderr: '' });
    expect(drawn.stdout).toContain('inv_view_prog');
    writeFileSync(at('graph.svg'), ok('graph --format svg'));
    const script = 'import sys, xml.dom.minidom as m; print(len(m.parse(sys.argv[1]).getElementsByTagName("rect")))';
    expect(
      Number(execFileSync('/usr/bin/python3', ['-c', script, at('graph.svg')], { encoding: 'utf8' })),
    ).toBeGreaterThan(2);
  });

  it('is a page that a browser shows: boxes, search, and nothing that runs', (context) => {
    if (!hasProgram('chromium')) return context.skip('chromium is not installed');
    const page = ok('graph --format html map name inv_view_map');
    // After loading, the page searches by itself and says what it found.
    const probe = `<script>const f=document.getElementById('find');f.value='inv_view_prog';f.dispatchEvent(new Event('input'));document.querySelector('.box.map').dispatchEvent(new Event('click'));document.title='boxes '+document.querySelectorAll('.box').length+' '+document.getElementById('count').textContent+' in '+document.querySelectorAll('.hit').length+' about '+document.getElementById('about').textContent.length</script>`;
    const file = at('graph.html');
    writeFileSync(file, page.replace('</body>', `${probe}</body>`));
    const picture = at('graph.png');
    const words = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--user-data-dir=${at('profile')}`,
      '--virtual-time-budget=2000',
    ];
    const dom = spawnSync('chromium', [...words, '--dump-dom', `file://${file}`], {
      encoding: 'utf8',
      timeout: 50_000,
    });
    const boxes = page.match(/class="box /g)!.length;
    expect(dom.stdout).toMatch(new RegExp(`<title>boxes ${boxes} \\d+ found in \\d+ about [1-9]\\d*</title>`));
    const shown = spawnSync(
      'chromium',
      [...words, '--window-size=1400,700', `--screenshot=${picture}`, `file://${file}`],
      { encoding: 'utf8', timeout: 50_000 },
    );
    expect(shown.status).toBe(0);
    // A picture of boxes is not one colour.
    expect(statSync(picture).size).toBeGreaterThan(8000);
  }, 120_000);

  it("of a program's control flow has its source lines", () => {
    const pins = '/sys/fs/bpf/inv_flow';
    mkdirSync(pins, { recursive: true });
    try {
      expect(run(['prog', 'load', path.join(project, 'test/fixtures/objects/run-tc.bpf.o'), `${pins}/p`]).status).toBe(
        0,
      );
      const svg = ok(`prog dump xlated pinned ${pins}/p visual --format svg`);
      expect(svg).toContain('func_0 ENTRY');
      expect(svg).toContain('; int change_both(struct __sk_buff *skb)');
      expect(ok(`prog dump xlated pinned ${pins}/p visual --format html`)).toContain('<!doctype html>');
      expect(ok(`prog dump xlated pinned ${pins}/p visual`)).toContain('digraph "DOT graph for eBPF program"');
      expect(run(['prog', 'dump', 'xlated', 'pinned', `${pins}/p`, '--format', 'svg']).stderr).toContain(
        "goes with 'visual'",
      );
    } finally {
      rmSync(pins, { recursive: true, force: true });
    }
  });
});

describe('top', () => {
  it('prints lines of JSON: no rates first, then those of what ran', async () => {
    const child = spawn(
      process.execPath,
      [tool, '-j', 'top', '-n', '3', '--interval', '0.5', '--filter', 'name=inv_view_prog'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let done = false;
    void ended.then(() => {
      done = true;
    });
    const fd = scope.programNamed('inv_view_prog');
    while (!done) {
      testRun({ kernel, fd }, { data: new Uint8Array(64), repeat: 1000 });
      await pause(20);
    }
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { programs: { events_per_second?: number; cpu_share?: number }[] });
    expect(lines).toHaveLength(3);
    for (const line of lines) fits('top', line);
    expect(lines[0]!.programs[0]!.events_per_second).toBeUndefined();
    expect(lines[2]!.programs[0]!.events_per_second).toBeGreaterThan(1000);
    expect(lines[2]!.programs[0]!.cpu_share).toBeGreaterThan(0);
    for (const view of ['maps', 'links']) {
      for (const line of ok(`-j top ${view} --once --interval 0.1`).split('\n').slice(0, -1))
        fits('top', JSON.parse(line));
    }
  }, 60_000);

  it('prints tables, sorted and filtered', () => {
    const table = ok('top maps --once --interval 0.1 --sort name --filter type=hash,inv_view');
    expect(table).toMatch(/inv_view_map/);
    expect(control.test(table)).toBe(false);
    expect(run(['top', '--sort', 'colour', '--once']).stderr).toContain("'colour' is no column of programs");
    expect(run(['top', 'colours', '--once']).status).toBe(255);
  });

  for (const columns of [40, 80, 200]) {
    it(`fills a screen of ${columns} columns, and gives the terminal back`, async (context) => {
      if (!hasProgram('tmux')) return context.skip('tmux is not installed');
      const session = `inventory${columns}`;
      const tmux = (...words: string[]) => spawnSync('tmux', ['-L', 'inventory', ...words], { encoding: 'utf8' });
      const script = at('shell');
      writeFileSync(
        script,
        `#!/bin/sh\n${process.execPath} ${tool} top --interval 0.2 --filter inv_view; echo "ended $?"; stty -a | tr ';' '\\n' | grep -c -- ' icanon'; sleep 60\n`,
      );
      chmodSync(script, 0o755);
      tmux('new-session', '-d', '-s', session, '-x', String(columns), '-y', '20', script);
      const screen = () => tmux('capture-pane', '-p', '-t', session).stdout.split('\n');
      const until = async (what: RegExp) => {
        for (let i = 0; i < 100 && !what.test(screen().join('\n')); i++) await pause(100);
        expect(screen().join('\n')).toMatch(what);
      };
      try {
        await until(/NAME/);
        await until(/inv_view_p/);
        const lines = screen();
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        expect(lines[0]).toMatch(/^programs on /);
        expect(lines[1]).toContain('run time statistics are on (38 ns a run');
        expect(/TYPE/.test(lines[2]!)).toBe(columns > 60);
        tmux('send-keys', '-t', session, '?');
        await until(/Keys/);
        tmux('send-keys', '-t', session, 'q');
        tmux('send-keys', '-t', session, 'm');
        await until(/MEMORY/);
        await until(/inv_view_m/);
        tmux('send-keys', '-t', session, 'Enter');
        await until(/programs|pins|processes/);
        tmux('send-keys', '-t', session, columns === 40 ? 'C-c' : 'Escape');
        if (columns === 80) {
          await pause(1000);
          const pid = tmux('list-panes', '-t', session, '-F', '#{pane_pid}').stdout.trim();
          const child = execFileSync('ps', ['--ppid', pid, '-o', 'pid='], { encoding: 'utf8' }).trim();
          process.kill(Number(child), 'SIGTERM');
        } else if (columns === 200) {
          await pause(1000);
          tmux('send-keys', '-t', session, 'q');
        }
        await until(/ended 0\n1/);
        expect(screen().join('\n')).not.toContain('NAME');
      } finally {
        tmux('kill-session', '-t', session);
      }
    }, 60_000);
  }
});

describe('the example dashboard', () => {
  it('asks for metrics that there are', () => {
    const text = ok('metrics');
    const dashboard = readFileSync(path.join(project, 'examples/metrics/grafana-dashboard.json'), 'utf8');
    const panels = (JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] }).panels;
    const names = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/bpf_\w+/g) ?? [])));
    expect(names.size).toBeGreaterThan(7);
    const known = new Set(
      [...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].map(([, name, type]) =>
        type === 'counter' ? `${name}_total` : name,
      ),
    );
    // Links, and maps that are counted, need not be there.
    for (const name of names) if (!['bpf_link_info', 'bpf_map_entries'].includes(name)) expect(known).toContain(name);
  });
});
