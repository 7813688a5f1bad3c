/** A symbol that more than one file may know: global or weak, defined or extern. */
export interface GlobalSymbol {
  /** Index in the output's symbol table. */
  readonly symbol: number;
  /** Id of the output section, `.kconfig` and the like included; 0 for externs of none. */
  sectionId: number;
  /** Its variable or function among the linked types, 0 until they came. */
  typeId: number;
  /**
   * What the variable or function is of. Negative: a type of the file that is being added, which takes the place of the
   * known one once the file's types have come; 0 asks for that of the file that defines it.
   */
  underlyingId: number;
  /** Index among the variables of its section, -1 if none. */
  variable: number;
  isExtern: boolean;
  /** Once strong, never weak again. */
  isWeak: boolean;
}

/** Global symbols in the order in which they came. */
export class GlobalSymbols {
  readonly #list: GlobalSymbol[] = [];
  readonly #byName = new Map<string, GlobalSymbol>();

  find(name: string): GlobalSymbol | undefined {
    return this.#byName.get(name);
  }

  add(name: string, facts: Pick<GlobalSymbol, 'symbol' | 'sectionId' | 'isExtern' | 'isWeak'>): void {
    const added: GlobalSymbol = { ...facts, typeId: 0, underlyingId: 0, variable: -1 };
    this.#list.push(added);
    if (!this.#byName.has(name)) this.#byName.set(name, added);
  }

  [Symbol.iterator](): Iterator<GlobalSymbol> {
    return this.#list[Symbol.iterator]();
  }
}
