import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { Context, Dispatcher, defaultOptions } from '../../../src/cli/index.ts';
import { versionSchemas } from '../../../src/commands/version/output-schema.ts';
import { packageVersion, versionCommand } from '../../../src/commands/version/version.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';

async function version(programName: string, json = false): Promise<string> {
  const stdout = memorySink();
  const writer = json ? new JsonWriter(stdout, { pretty: false }) : undefined;
  const ctx = new Context({ programName, options: defaultOptions, stdout, stderr: memorySink(), json: writer });
  const dispatcher = new Dispatcher([{ name: 'version', load: async () => versionCommand }], '');
  await dispatcher.run(ctx, ['version']);
  return stdout.contents();
}

it('prints the lines of the matched bpftool under its name', async () => {
  expect(await version('bpftool')).toBe('bpftool v7.8.0\nusing libbpf v1.8\nfeatures:\n');
});

it('prints its own version first under its own name', async () => {
  expect(await version('tsbpftool')).toBe(
    `tsbpftool v${packageVersion()}\ncompatible with bpftool v7.8.0, libbpf v1.8\nfeatures:\n`,
  );
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

it('gives the same as JSON', async () => {
  const same = {
    version: '7.8.0',
    libbpf_version: '1.8',
    features: { libbfd: false, llvm: false, crypto: false, skeletons: false, bootstrap: false },
  };
  expect(JSON.parse(await version('bpftool', true))).toEqual(same);
  expect(JSON.parse(await version('tsbpftool', true))).toEqual({ tsbpftool_version: packageVersion(), ...same });
  const fits = new Ajv2020({ strict: true }).compile(versionSchemas.version!);
  for (const name of ['bpftool', 'tsbpftool']) expect(fits(JSON.parse(await version(name, true)))).toBe(true);
});
