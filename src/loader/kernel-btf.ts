import { idNamed, idsThatBegin, RecordView } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { loadVmlinux, mapFile } from '../kernel/index.ts';
import { type DiagnosticLog, errorText, failure, type TargetSpelling } from '../object/index.ts';
import type { Kernel, MappedMemory } from '../sys/index.ts';
import { nextId, openFdById, tryBtfBytes, tryBtfInfo } from '../bpf/index.ts';

export interface ModuleBtf {
  readonly name: string;
  readonly fd: number;
  readonly btf: RecordView;
}

/** The BTF of the running kernel and its modules, read when first needed and closed with the load. */
export class KernelBtf implements Disposable {
  readonly #kernel: Kernel;
  readonly #log: DiagnosticLog | undefined;
  #vmlinux: RecordView | undefined;
  #modules: ModuleBtf[] | undefined;
  readonly #expected = new Set<string>();
  readonly #named = new Map<RecordView, Map<string, number[]>>();
  #mapping: MappedMemory | undefined;

  constructor(kernel: Kernel, log: DiagnosticLog | undefined) {
    this.#kernel = kernel;
    this.#log = log;
  }

  /** ObjectError, after a warning, on a kernel without BTF. */
  get vmlinux(): RecordView {
    if (this.#vmlinux) return this.#vmlinux;
    const found = loadVmlinux(this.#kernel, {
      parse: (bytes) => new RecordView(bytes),
      ...(this.#log && { log: this.#log }),
      read: (path) => {
        const mapped = mapFile(this.#kernel, path);
        this.#mapping = mapped?.mapping;
        return mapped?.bytes ?? this.#kernel.readFile(path);
      },
    });
    if (!found) throw failure(this.#log, Errno.ESRCH, 'Error loading vmlinux BTF: -ESRCH');
    this.#vmlinux = found;
    return found;
  }

  /** BTF of the loaded modules, each a split image on top of the kernel's. */
  get modules(): readonly ModuleBtf[] {
    if (this.#modules) return this.#modules;
    const modules: ModuleBtf[] = [];
    this.#modules = modules;
    let id = 0;
    for (;;) {
      id = nextId(this.#kernel, 'btf', id);
      // Past the last one, or no right to look.
      if (id === -Errno.ENOENT || id === -Errno.EPERM || id === -Errno.EINVAL) return modules;
      if (id < 0) throw failure(this.#log, -id, `failed to iterate BTF objects: ${errorText(id)}`);
      const fd = openFdById(this.#kernel, 'btf', id);
      // The module was unloaded in the meantime.
      if (fd === -Errno.ENOENT) continue;
      if (fd < 0) throw failure(this.#log, -fd, `failed to get BTF object #${id} FD: ${errorText(fd)}`);
      const refused = (result: number) => {
        this.#kernel.close(fd);
        return failure(this.#log, -result, `failed to get BTF object #${id} info: ${errorText(result)}`);
      };
      const info = tryBtfInfo(this.#kernel, fd);
      if (typeof info === 'number') throw refused(info);
      // BTF of programs has ids of the same table.
      if (!info.kernelBtf || info.name === 'vmlinux') {
        this.#kernel.close(fd);
        continue;
      }
      const bytes = tryBtfBytes(this.#kernel, fd, info.size);
      if (typeof bytes === 'number') throw refused(bytes);
      modules.push({ name: info.name, fd, btf: new RecordView(bytes, { base: this.vmlinux }) });
    }
  }

  /** Says which names will be asked for: one look at all types finds them all. */
  expect(names: Iterable<string>): void {
    for (const name of names) if (name !== '') this.#expected.add(name);
  }

  #idOf(types: RecordView, name: string, kind: number): number {
    if (!this.#expected.has(name)) return idNamed(types, name, kind);
    let known = this.#named.get(types);
    if (!known) {
      known = new Map<string, number[]>();
      for (const id of idsThatBegin(types, [...this.#expected])) {
        const found = types.name(id);
        if (!this.#expected.has(found)) continue;
        const ids = known.get(found);
        if (ids) ids.push(id);
        else known.set(found, [id]);
      }
      this.#named.set(types, known);
    }
    return known.get(name)?.find((id) => types.kind(id) === kind) ?? 0;
  }

  /** Finds a type by name and kind, in the kernel first, then in the modules. */
  find(name: string, kind: number): { id: number; btf: RecordView; module: ModuleBtf | undefined } | undefined {
    const id = this.#idOf(this.vmlinux, name, kind);
    if (id !== 0) return { id, btf: this.vmlinux, module: undefined };
    for (const module of this.modules) {
      const found = this.#idOf(module.btf, name, kind);
      if (found !== 0) return { id: found, btf: module.btf, module };
    }
    return undefined;
  }

  /** The function, typedef or hook that a section's target names, e.g. `do_unlinkat` or `module:function`. */
  findAttachTarget(target: string, prefix: TargetSpelling): { id: number; fd: number } | undefined {
    const colon = target.indexOf(':');
    const moduleName = colon < 0 ? undefined : target.slice(0, colon);
    const name = prefix.text + (colon < 0 ? target : target.slice(colon + 1));
    // BTF_MAX_NAME_SIZE of libbpf.
    if (name.length >= 128) return undefined;
    // libbpf compares only as many characters as the target states.
    if (moduleName === undefined || 'vmlinux'.startsWith(moduleName)) {
      const id = idNamed(this.vmlinux, name, prefix.kind);
      if (id !== 0) return { id, fd: 0 };
    }
    for (const module of this.modules) {
      if (moduleName !== undefined && !module.name.startsWith(moduleName)) continue;
      const id = idNamed(module.btf, name, prefix.kind);
      if (id !== 0) return { id, fd: module.fd };
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    for (const module of this.#modules ?? []) this.#kernel.close(module.fd);
    this.#modules = [];
    this.#vmlinux = undefined;
    this.#mapping?.close();
    this.#mapping = undefined;
  }
}
