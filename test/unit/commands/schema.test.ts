import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Context, Dispatcher, defaultOptions } from '../../../src/cli/index.ts';
import { outputSchema, outputSchemas } from '../../../src/index.ts';
import { loadFamilies, program } from '../../../src/main.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';

async function run(line: string, format?: 'compact' | 'pretty') {
  const stdout = memorySink();
  const stderr = memorySink();
  const json = format === undefined ? undefined : new JsonWriter(stdout, { pretty: format === 'pretty' });
  const ctx = new Context({ programName: 'tsbpftool', options: defaultOptions, stdout, stderr, json });
  const status = await new Dispatcher(program.commands, program.mainUsage).run(ctx, line.split(' '));
  return { status, out: stdout.contents(), err: stderr.contents() };
}

describe('the schemas', () => {
  it('are there for every verb, and only for commands', async () => {
    const verbs = (await loadFamilies()).flatMap((family) => family.verbs.map((verb) => `${family.name} ${verb.name}`));
    const described = Object.keys(outputSchemas);
    expect(verbs.filter((verb) => !described.includes(verb))).toEqual([]);
    const others = described.filter((command) => !verbs.includes(command));
    const withoutVerbs = program.commands.filter(({ declare }) => declare !== undefined).map(({ name }) => name);
    expect(others.filter((name) => !withoutVerbs.includes(name)).sort()).toEqual(['batch', 'error', 'help', 'version']);
  });

  it('are valid and need nothing but themselves', () => {
    const ajv = new Ajv2020({ strict: true });
    for (const schema of Object.values(outputSchemas)) expect(ajv.compile(schema)).toBeTypeOf('function');
    expect(JSON.stringify(outputSchemas)).not.toMatch(/"\$ref":"[^#]/);
  });

  it('describe every member and close every object but those that BTF fills', () => {
    const undescribed: string[] = [];
    const open: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const schema = node as Record<string, unknown>;
      if (schema.type === 'object' && schema.additionalProperties !== false) open.push(path);
      for (const [name, member] of Object.entries((schema.properties ?? {}) as Record<string, object>)) {
        if (!('description' in member || '$ref' in member || 'anyOf' in member)) undescribed.push(`${path}.${name}`);
      }
      const { properties = {}, ...rest } = schema;
      for (const [key, value] of [...Object.entries(properties as object), ...Object.entries(rest)]) {
        visit(value, `${path}/${key}`);
      }
    };
    for (const [command, schema] of Object.entries(outputSchemas)) visit(schema, command);
    // Elements that a snapshot keeps are by the names of their maps.
    const byTypes = (path: string) =>
      path.endsWith('/metadata') || path === 'struct_ops dump/$defs/dumped' || /^snapshot.*\/elements$/.test(path);
    expect(open.filter((path) => !byTypes(path))).toEqual([]);
    expect(undescribed).toEqual([]);
  });

  it('tell success from failure', () => {
    const ajv = new Ajv2020({ strict: true, schemas: [outputSchemas['map show']!] });
    const fits = (part: string, document: unknown) =>
      ajv.validate({ $ref: `urn:tsbpftool:output:map:show${part}` }, document);
    const failure = { error: 'get map by id (7): No such file or directory' };
    expect(fits('', failure)).toBe(true);
    expect(fits('#/$defs/failure', failure)).toBe(true);
    expect(fits('#/$defs/output', failure)).toBe(false);
    expect(fits('#/$defs/output', [])).toBe(true);
    expect(fits('#/$defs/failure', [])).toBe(false);
    expect(fits('#/$defs/failure', [failure])).toBe(true);
    expect(fits('#/$defs/output', [failure])).toBe(false);
  });

  it('are had by whole names from the library', () => {
    expect(outputSchema('map', 'show')).toBe(outputSchemas['map show']);
    expect(outputSchema('version')).toBe(outputSchemas.version);
    for (const words of [['map'], ['m', 's'], ['toString'], ['map', '']] as const) {
      expect(outputSchema(words[0], words[1])).toBeUndefined();
    }
  });
});

describe('the command', () => {
  it('prints a schema, laid out unless -j', async () => {
    const schema = outputSchemas['map show'];
    expect(await run('schema map show')).toEqual({
      status: 0,
      out: `${JSON.stringify(schema, undefined, 4)}\n`,
      err: '',
    });
    expect((await run('schema map show', 'pretty')).out).toBe(JSON.stringify(schema, undefined, 4));
    expect((await run('schema map show', 'compact')).out).toBe(JSON.stringify(schema));
  });

  it.each([
    ['schema m s', 'map show'],
    ['schema p d', 'prog dump'],
    ['schema map p', 'map pin'],
    ['schema b', 'batch'],
    ['schema bt d', 'btf dump'],
    ['schema v', 'version'],
    ['schema f l', 'feature list_builtins'],
    ['schema error', 'error'],
  ])('%s finds %s, as the command itself would', async (line, command) => {
    expect((await run(line, 'compact')).out).toBe(JSON.stringify(outputSchemas[command]));
  });

  it.each([
    ['schema', 'expected an OBJECT and a VERB; there are schemas of:'],
    ['schema bogus', "'bogus' is no object; there are schemas of:"],
    ['schema schema', "'schema' has no schema; there are schemas of:"],
    ['schema map', "expected a VERB after 'map'; there are schemas of:\n\tmap { show | list"],
    ['schema map bogus', "'bogus' is no verb of 'map'; there are schemas of:\n\tmap { show | list"],
    ['schema map show more', "what is 'more'?"],
    ['schema version more', "what is 'more'?"],
  ])('%s is an error that lists what there is', async (line, message) => {
    const { status, out, err } = await run(line);
    expect(err.slice(0, message.length + 7)).toBe(`Error: ${message}`);
    expect({ status: status & 0xff, out }).toEqual({ status: 255, out: '' });
    const json = await run(line, 'compact');
    expect((JSON.parse(json.out) as { error: string }).error.startsWith(message)).toBe(true);
    expect(json.status & 0xff).toBe(255);
  });

  it('takes nothing away from other commands', async () => {
    expect((await run('s help')).err).toContain('tsbpftool s { show | list } [STRUCT_OPS_MAP]');
    for (const word of ['sc', 'schem', 'schemas']) {
      expect(await run(word), word).toMatchObject({ status: -1, out: '' });
      expect((await run(word)).err).toMatch(/^Usage: tsbpftool \[OPTIONS\] OBJECT/);
    }
    expect(program.mainUsage).not.toContain('schema');
  });
});
