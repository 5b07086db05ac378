import { type ScannedImport, scanExports, scanImports } from './importScan';
import { type OutlinedStatement, outlinePython } from './outline';

/** What a text says as a module, worked out when it is asked for. */
export class SourceModule {
  #imports: readonly ScannedImport[] | undefined;
  #exports: { readonly names: readonly string[] | undefined } | undefined;
  #body: readonly OutlinedStatement[] | undefined;
  #parsedLength = 0;

  constructor(readonly text: string) {}

  get imports(): readonly ScannedImport[] {
    this.#imports ??= scanImports(this.text);
    return this.#imports;
  }

  /** The names in `__all__` where the text says them outright. */
  get exports(): readonly string[] | undefined {
    this.#exports ??= { names: scanExports(this.text) };
    return this.#exports.names;
  }

  get body(): readonly OutlinedStatement[] {
    this.#body ??= outlinePython(this.text, (characters) => {
      this.#parsedLength += characters;
    });
    return this.#body;
  }

  /** About how many bytes are kept: a tree takes some fifty times its text. */
  get bytes(): number {
    return 2 * this.text.length + 50 * this.#parsedLength;
  }
}

const maximumBytes = 80_000_000;

/** Modules by their text; the least recently used is dropped first. */
export class SourceCache {
  readonly #modules = new Map<string, SourceModule>();

  constructor(private readonly maximum = maximumBytes) {}

  /** Never more than the bound, or one module, once `get` has returned. */
  get bytes(): number {
    let bytes = 0;
    for (const module of this.#modules.values()) bytes += module.bytes;
    return bytes;
  }

  get(text: string): SourceModule {
    const known = this.#modules.get(text);
    const module = known ?? new SourceModule(text);
    if (known) this.#modules.delete(text);
    this.#modules.set(text, module);
    if (!known) this.#evict(module);
    return module;
  }

  #evict(kept: SourceModule): void {
    let { bytes } = this;
    for (const [text, module] of this.#modules) {
      if (bytes <= this.maximum || module === kept) return;
      this.#modules.delete(text);
      bytes -= module.bytes;
    }
  }
}
