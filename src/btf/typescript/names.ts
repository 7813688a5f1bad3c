/** Words that no declaration or import may be called, in either of TypeScript's namespaces. */
const reserved = new Set(
  (
    'any arguments as asserts async await bigint boolean break case catch class const continue debugger declare default ' +
    'delete do else enum eval export exports extends false finally for from function get global globalThis if ' +
    'implements import in infer instanceof interface intrinsic is keyof let module namespace NaN never new null number ' +
    'object Object of package private Promise protected public readonly require return satisfies set static string ' +
    'super switch symbol this throw true try type typeof undefined unique unknown using var void while with yield Infinity'
  ).split(' '),
);

/** Gives each declaration a name that is legal in TypeScript and used once. */
export class TypeScriptNames {
  readonly #used = new Set<string>();

  /** The proposed name, made legal; where it is taken, with a number as in C dumps: `NAME___2`. */
  take(proposed: string): string {
    const legal = legalName(proposed);
    let name = legal;
    for (let count = 2; this.#used.has(name); count++) name = `${legal}___${count}`;
    this.#used.add(name);
    return name;
  }
}

function legalName(proposed: string): string {
  const name = proposed.replace(/[^A-Za-z0-9_$]/g, '_').replace(/^(?=[0-9]|$)/, '_');
  return reserved.has(name) ? `${name}_` : name;
}

/** A name as the key of a type or of an object. */
export function propertyName(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name);
}

/** As `propertyName`, for an object: `__proto__` would not be a property. */
export function objectKey(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : propertyName(name);
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name);
}

/** Text for a comment: names from BTF must neither end it nor the line. */
export function commentText(text: string): string {
  return text
    .replaceAll('*/', '*\\/')
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
