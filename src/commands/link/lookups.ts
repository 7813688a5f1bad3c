import type { Context } from '../../cli/index.ts';
import { symbolsAt } from '../../host/index.ts';
import { BpfProgram } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { readKernelConfig } from '../shared/kernel-config.ts';

/** A function that a multi-probe is on, as kallsyms names it. */
export interface ProbedFunction {
  /** Start of the probe in the kernel, which may be four bytes behind the function's. */
  readonly address: bigint;
  /** The user's number for this function; 0 where none was given. */
  readonly cookie: bigint;
  readonly name: string;
  /** Name of the module; '' for the kernel's own image. */
  readonly module: string;
}

/** What the details of a link refer to beyond the link itself. */
export interface LinkLookups {
  /** Type of the program with this id; undefined if it cannot be had. */
  programType(id: number): number | undefined;
  interfaceName(index: number): string | undefined;
  /** The functions at these addresses, ascending, up to the first without a name; undefined if symbols are hidden. */
  functionsAt(addresses: readonly bigint[], cookies: readonly bigint[]): ProbedFunction[] | undefined;
}

/** Length of the instruction at the start of functions that probes sit behind, where indirect branches are checked. */
const endbrBytes = 4n;

/** Answers from the running kernel; symbols are read when they are first asked for. */
export function linkLookups(ctx: Context): LinkLookups {
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
      // Sorted as the reference does, which walks them beside the kernel's symbols, sorted as well.
      probes.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
      const symbols = symbolsAt(kernel, [...addresses, ...addresses.map((address) => address - endbrBytes)]);
      if (symbols.size === 0) return undefined;
      // The reference asks the configuration whether functions begin with such an instruction, and says where it cannot.
      readKernelConfig(ctx);
      const functions: ProbedFunction[] = [];
      for (const probe of probes) {
        const symbol = symbols.get(probe.address) ?? symbols.get(probe.address - endbrBytes);
        // That walk never comes back, so nothing after an address without a symbol is found either.
        if (symbol === undefined) break;
        functions.push({ ...probe, name: symbol.name, module: symbol.module });
      }
      return functions;
    },
  };
}
