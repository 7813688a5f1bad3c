// The schemas of `tsbpftool schema` against what both programs really print.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputSchemas } from '../../src/commands/schema/all.ts';
import { FeatureMissing, mayBeMissing } from '../support/feature.ts';
import { World } from '../support/parity/world.ts';
import { extensionVerbs } from '../support/schema/commands.ts';
import { damages } from '../support/schema/damage.ts';
import { holdObjects } from '../support/schema/holders.ts';
import { Outputs } from '../support/schema/outputs.ts';
import { everyLink } from './cases/link.ts';
import * as cases from './cases/schema.ts';

const extensions = await extensionVerbs();
/** `error` is no command; what shows events, pictures or all that is loaded is held against its schema where that is made. */
const elsewhere = ['error', 'trace', 'top', 'metrics', 'watch', 'snapshot', 'diff', 'graph', 'why', 'gc'];
const commands = Object.keys(outputSchemas).filter((command) => !elsewhere.includes(command));
/** Commands that print no document when they succeed. */
const silent = commands.filter((command) => 'not' in (outputSchemas[command]!.$defs as { output: object }).output);

const ajv = new Ajv2020({ strict: true, schemas: Object.values(outputSchemas) });
const validator = (command: string, part = ''): ValidateFunction =>
  ajv.getSchema(`${String(outputSchemas[command]!.$id)}${part}`)!;

let world: World;
let outputs: Outputs;

beforeAll(async () => {
  world = new World('s_');
  outputs = new Outputs(world);
  await gather();
  await gatherExtensions();
}, 300_000);
afterAll(() => world?.end());

/** Runs every line of the cases through both programs. */
async function gather(): Promise<void> {
  for (const key of cases.schemaFixtures) world.get(key);
  for (const key of [...everyLink, 'mount-all', 'mount-named']) makeIfPossible(key);
  const slot = 'key 0 0 0 0 value pinned'.split(' ');
  world.reference('map', 'update', 'pinned', world.get('progarray').pin, ...slot, world.get('xdp').pin);
  for (const key of ['same1', 'same2', 'twin1', 'twin2']) world.get(key);
  const maps = load('prog load', 'maps', 'somemaps');
  const pipe = load('prog loadall', 'hello-buffer-config', 'pipe', 'autoattach');
  const roots = rareKinds();
  writeFileSync(path.join(world.tmp, 'packet'), 'a packet of more than fourteen bytes');
  writeFileSync(path.join(world.tmp, 'context'), Buffer.alloc(192));
  for (const who of ['reference', 'ours'] as const) {
    const detached = who === 'ours' ? 'link-tcx-in' : 'link-tcx-out';
    const fill = (line: string) =>
      [
        ['{who}', who],
        ['{detached}', detached],
        ['{maps}', maps],
        ['{rarekinds}', roots],
      ].reduce((text, [word, filled]) => text.replaceAll(word!, filled!), line);
    using _held = holdObjects(world);
    await outputs.batch(who, ['version']);
    await outputs.batch(who, cases.schemaReads.map(fill));
    await outputs.batch(who, ['map show pinned {pin:hash}', 'prog show pinned {pin:hello}'], ['-f']);
    for (const line of cases.schemaAlone) await outputs.one(who, line, true);
    for (const [scene, line] of cases.schemaScenes) {
      const netns = orUndefined(() => world.scene(scene));
      if (netns !== undefined) await outputs.one(who, line, true, { netns });
    }
    await outputs.batch(who, cases.schemaChanges.map(fill));
    for (const line of cases.schemaFailures.map(fill)) await outputs.one(who, line, false);
    await outputs.until(who, `map event_pipe pinned ${pipe}/output`, () => spawnSync('true'), '"data"');
    const log = '/sys/kernel/tracing/trace_marker';
    await outputs.until(who, 'prog tracelog', () => writeFileSync(log, 'schema test\n'), 'schema test');
  }
}

/** Runs the lines of verbs that only ours has. */
async function gatherExtensions(): Promise<void> {
  await outputs.batch('ours', cases.schemaExtensions);
  for (const line of cases.schemaWithOptions) await outputs.one('ours', line, true);
  for (const line of cases.schemaLines) await outputs.lines(line);
  const execute = () => spawnSync('true');
  const events = `map events pinned ${world.pins}/pipe-maps/output`;
  await outputs.linesUntil(events, execute, '"data_hex"');
  await outputs.linesUntil(`${events} --type event_t`, execute, '"event"');
}

/** Words that select void and the first type of each kind in the kernel's BTF that few objects have. */
function rareKinds(): string {
  const first = new Map([['VOID', '0']]);
  const dump = world.reference('btf', 'dump', 'file', '/sys/kernel/btf/vmlinux');
  for (const [, id, kind] of dump.matchAll(/^\[(\d+)\] (FWD|FLOAT|DECL_TAG|TYPE_TAG|ENUM|ENUM64|UNION) /gm)) {
    if (!first.has(kind!)) first.set(kind!, id!);
  }
  return [...first.values()].map((id) => `root_id ${id}`).join(' ');
}

/** Loads an object; answers the folder of its maps. */
function load(command: string, object: string, name: string, ...more: string[]): string {
  const pin = `${world.pins}/${name}`;
  world.reference(...command.split(' '), world.fill(`{obj:${object}}`), pin, 'pinmaps', `${pin}-maps`, ...more);
  return `${pin}-maps`;
}

function makeIfPossible(key: string): void {
  orUndefined(() => world.get(key));
}

/** What `make` answers; undefined where the kernel lacks what it needs, and may. */
function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof FeatureMissing && mayBeMissing(error))) throw error;
    return undefined;
  }
}

describe.each(commands)('the schema of %s', (command) => {
  const printed = () => outputs.byCommand.get(command) ?? [];

  it('fits what both programs print', () => {
    const whole = validator(command);
    const success = validator(command, '#/$defs/output');
    const failure = validator(command, '#/$defs/failure');
    for (const { who, line, succeeded, document } of printed()) {
      const part = succeeded ? success : failure;
      expect(part(document), `${who}: ${line}: ${explain(part, document)}`).toBe(true);
      expect(whole(document), `${who}: ${line}`).toBe(true);
    }
    if (command in cases.schemaUnseen) return;
    const isOurs = extensions.has(command) || cases.schemaOursOnly.includes(command);
    for (const who of isOurs ? ['ours'] : ['reference', 'ours']) {
      const own = printed().filter((output) => output.who === who && (output.succeeded || silent.includes(command)));
      expect(own.length, `documents of ${who}`).toBeGreaterThan(0);
    }
  });

  it('refuses damaged output', (context) => {
    if (printed().length === 0) context.skip(cases.schemaUnseen[command]);
    const whole = validator(command);
    const survived: string[] = [];
    const omissions = new Map<string, boolean>();
    let count = 0;
    for (const { document, line } of printed()) {
      const holder = { root: document };
      for (const { what, apply, restore, isOmission } of damages(holder, cases.schemaOpen(command))) {
        apply();
        const refused = !whole(holder.root);
        restore();
        count++;
        const place = what.replace(/: without \w+$/, '');
        if (isOmission) omissions.set(place, (omissions.get(place) ?? false) || refused);
        else if (!refused) survived.push(`${line}: ${what}`);
      }
    }
    expect(survived).toEqual([]);
    const mayLack = cases.schemaChosen.includes(command) ? ['$'] : [];
    expect([...omissions].filter(([, refused]) => !refused).map(([place]) => place)).toEqual(mayLack);
    expect(count).toBeGreaterThan(0);
  });
});

function explain(validate: ValidateFunction, document: unknown): string {
  return `${JSON.stringify(validate.errors?.slice(0, 3))} in ${JSON.stringify(document).slice(0, 400)}`;
}
