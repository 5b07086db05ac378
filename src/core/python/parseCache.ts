import { type ScannedImport, scanExports, scanImports } from './importScan';
import { type ParsedModule, parsePython } from './parse';

interface Entry {
  imports: readonly ScannedImport[] | undefined;
  exports: { readonly names: readonly string[] | undefined } | undefined;
  parsed: ParsedModule | undefined;
}

/** UTF-16 units of source text whose trees are kept; a tree takes some fifty times its text. */
const maximumCachedText = 3_000_000;

/** What was made of a text, by its content; the least recently used is dropped first. */
export class ParseCache {
  readonly #entries = new Map<string, Entry>();
  #length = 0;

  constructor(private readonly maximumLength = maximumCachedText) {}

  /** Characters of text kept; never more than the bound, or one text. */
  get length(): number {
    return this.#length;
  }

  parse(text: string): ParsedModule {
    const entry = this.#entry(text);
    entry.parsed ??= parsePython(text);
    return entry.parsed;
  }

  imports(text: string): readonly ScannedImport[] {
    const entry = this.#entry(text);
    entry.imports ??= scanImports(text);
    return entry.imports;
  }

  exports(text: string): readonly string[] | undefined {
    const entry = this.#entry(text);
    entry.exports ??= { names: scanExports(text) };
    return entry.exports.names;
  }

  #entry(text: string): Entry {
    const known = this.#entries.get(text);
    if (known) {
      this.#entries.delete(text);
      this.#entries.set(text, known);
      return known;
    }
    const entry: Entry = { imports: undefined, exports: undefined, parsed: undefined };
    this.#entries.set(text, entry);
    this.#length += text.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#length <= this.maximumLength || oldest === text) break;
      this.#entries.delete(oldest);
      this.#length -= oldest.length;
    }
    return entry;
  }
}
