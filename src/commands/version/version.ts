import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, StandaloneCommand } from '../../cli/index.ts';

const bpftoolVersion = '7.8.0';
const libbpfVersion = '1.8';

/** What this program can do of what a bpftool may be built with; in the order the features are printed. */
const features: Readonly<Record<string, boolean>> = {
  libbfd: false,
  llvm: false,
  crypto: false,
  skeletons: false,
  bootstrap: false,
};

/**
 * `version`: under the name `bpftool` the lines of the bpftool that this program matches; under its own name its
 * own version first.
 */
export const versionCommand: StandaloneCommand = {
  run(ctx) {
    const own = ctx.programName === 'bpftool' ? undefined : packageVersion();
    if (ctx.json === undefined) printPlain(ctx, own);
    else printJson(ctx, own);
    return 0;
  },
};

function printPlain(ctx: Context, own: string | undefined): void {
  if (own === undefined) ctx.print(`${ctx.programName} v${bpftoolVersion}\nusing libbpf v${libbpfVersion}\n`);
  else ctx.print(`tsbpftool v${own}\ncompatible with bpftool v${bpftoolVersion}, libbpf v${libbpfVersion}\n`);
  const present = Object.keys(features).filter((name) => features[name]);
  ctx.print(`features:${present.map((name) => ` ${name}`).join(',')}\n`);
}

function printJson(ctx: Context, own: string | undefined): void {
  const json = ctx.json!;
  json.startObject();
  if (own === undefined) {
    json.field('version', bpftoolVersion);
  } else {
    json.field('tsbpftool_version', own).field('version', bpftoolVersion);
  }
  json.field('libbpf_version', libbpfVersion);
  json.name('features').startObject();
  for (const [name, present] of Object.entries(features)) json.field(name, present);
  json.endObject().endObject();
}

/** The version in the nearest package.json above this module that is this package's. */
export function packageVersion(): string {
  // The standalone file has no package.json beside it: its build puts the version here.
  const ofBuild = process.env.TSBPFTOOL_VERSION;
  if (ofBuild !== undefined) return ofBuild;
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (manifest.name === 'tsbpftool') return String(manifest.version);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (folder === dirname(folder)) return 'unknown';
  }
}
