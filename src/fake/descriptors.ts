import { Errno } from '../errors/index.ts';
import type { Description, FakeObject, ObjectOf, ObjectTable } from './objects.ts';

/** Beyond what the real kernel gives a process, so that it refuses a number that strays to it. */
const firstNumber = 1 << 24;

/** A description that nobody has a descriptor of yet. */
type New<D> = D extends unknown ? Omit<D, 'references'> : never;

/** The descriptors of a fake kernel. */
export class Descriptors {
  readonly #objects: ObjectTable;
  readonly #open = new Map<number, Description>();
  #last = firstNumber;

  constructor(objects: ObjectTable) {
    this.#objects = objects;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Numbers are not given twice: what uses one after its close is refused. */
  open(description: New<Description>): number {
    return this.#add({ ...description, references: 0 } as Description);
  }

  openObject(object: FakeObject, { canRead = true, canWrite = true } = {}): number {
    this.#objects.hold(object);
    return this.open({ kind: 'object', object, canRead, canWrite });
  }

  #add(description: Description): number {
    description.references++;
    this.#open.set(++this.#last, description);
    return this.#last;
  }

  get(fd: number): Description | undefined {
    return this.#open.get(fd);
  }

  /** The description of an object of that kind, or -errno: another one is -EINVAL, none at all -EBADF. */
  objectAt<K extends FakeObject['kind']>(
    fd: number,
    kind: K,
  ): { readonly object: ObjectOf<K>; readonly canRead: boolean; readonly canWrite: boolean } | number {
    const found = this.#open.get(fd);
    if (found === undefined) return -Errno.EBADF;
    if (found.kind !== 'object' || found.object.kind !== kind) return -Errno.EINVAL;
    return { object: found.object as ObjectOf<K>, canRead: found.canRead, canWrite: found.canWrite };
  }

  duplicate(fd: number): number {
    const found = this.#open.get(fd);
    return found === undefined ? -Errno.EBADF : this.#add(found);
  }

  close(fd: number): number {
    const found = this.#open.get(fd);
    if (found === undefined) return -Errno.EBADF;
    this.#open.delete(fd);
    if (--found.references === 0 && found.kind === 'object') this.#objects.drop(found.object);
    return 0;
  }

  /** Where /proc/self/fd/FD leads. */
  linkOf(path: string): string | undefined {
    const fd = /^\/proc\/self\/fd\/(\d+)$/.exec(path)?.[1];
    const found = fd === undefined ? undefined : this.#open.get(Number(fd));
    if (found === undefined) return undefined;
    if (found.kind === 'file') return found.path;
    if (found.kind !== 'object') return `anon_inode:[${found.kind}]`;
    const { kind } = found.object;
    return kind === 'btf' ? 'anon_inode:btf' : `anon_inode:bpf-${kind}`;
  }
}
