import type { Context } from '../../cli/index.ts';
import { kernelConfig, symbolsAt } from '../../host/index.ts';
import { BpfProgram } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** A function that a multi-probe is on, as kallsyms names it. */
export interface ProbedFunction {
  readonly address: bigint;
  readonly cookie: bigint;
  readonly name: string;
  readonly module: string;
}

/** What the details of a link refer to beyond the link itself. */
export interface LinkSurroundings {
  /** Type of the program with this id; undefined if it cannot be had. */
  programType(id: number): number | undefined;
  interfaceName(index: number): string | undefined;
  /** The functions at these addresses, ascending, up to the first without a name; undefined if symbols are hidden. */
  functionsAt(addresses: readonly bigint[], cookies: readonly bigint[]): ProbedFunction[] | undefined;
}

/** Length of the instruction at the start of functions that probes sit behind, where indirect branches are checked. */
const endbrBytes = 4n;

const configProblems = {
  open: "can't open file: No such file or directory",
  read: "can't read from file: Success",
  format: "can't find correct file",
};

export function linkSurroundings(ctx: Context): LinkSurroundings {
  const kernel = kernelOf(ctx);
  return {
    programType(id) {
      try {
        using program = BpfProgram.openById(kernel, id);
        return program.info().type;
      } catch {
        return undefined;
      }
    },
    interfaceName: (index) => kernel.interfaceName(index),
    functionsAt(addresses, cookies) {
      const probes = addresses.map((address, i) => ({ address, cookie: cookies[i] ?? 0n }));
      probes.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
      const symbols = symbolsAt(kernel, [...addresses, ...addresses.map((address) => address - endbrBytes)]);
      if (symbols.size === 0) return undefined;
      // The reference asks the configuration whether functions begin with such an instruction, and says where it cannot.
      const config = kernelConfig(kernel);
      if (config.kind === 'missing') ctx.info(`skipping kernel config, ${configProblems[config.reason]}`);
      const functions: ProbedFunction[] = [];
      for (const probe of probes) {
        const symbol = symbols.get(probe.address) ?? symbols.get(probe.address - endbrBytes);
        if (symbol === undefined) break;
        functions.push({ ...probe, name: symbol.name, module: symbol.module });
      }
      return functions;
    },
  };
}
