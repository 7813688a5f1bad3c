// Run by Bun in the project's folder: compiles the command line into one file.
// `compile.ts OUTFILE VERSION [RUNTIME]`; RUNTIME is the Bun of another platform. A failure prints its log and ends with 1.
/** The little of Bun that is used here. */
declare const Bun: {
  readonly argv: readonly string[];
  build(options: object): Promise<{ success: boolean; logs: unknown[] }>;
};

const [, , outfile, version, runtime] = Bun.argv;
const source = `${process.cwd()}/src`;
export {};

const result = await Bun.build({
  entrypoints: [`${source}/standalone.ts`, `${source}/sys/other-thread-worker.ts`],
  root: source,
  target: 'bun',
  format: 'esm',
  bytecode: true,
  splitting: true,
  // Names stay, for stack traces; a smaller text does not start sooner here.
  minify: false,
  define: { 'process.env.TSBPFTOOL_VERSION': JSON.stringify(version) },
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false, ...(runtime ? { executablePath: runtime } : {}) },
  plugins: [
    {
      name: 'foreign functions of Bun',
      setup(build: { onResolve(what: { filter: RegExp }, to: () => { path: string }): void }) {
        build.onResolve({ filter: /\/ffi-koffi\.ts$/ }, () => ({ path: `${source}/sys/ffi-bun.ts` }));
      },
    },
  ],
});
if (!result.success) {
  for (const log of result.logs) console.error(log);
  process.exit(1);
}
