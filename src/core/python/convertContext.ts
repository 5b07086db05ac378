import type { ParseNode } from '@zzzen/pyright-internal/dist/parser/parseNodes';
import type { TextRange } from './syntax';

interface FunctionFacts {
  isGenerator: boolean;
  readonly globalNames: string[];
  readonly nonlocalNames: string[];
}

/** What the conversion of one parse needs: the parsed text, the way back to original offsets, and the function it is inside of. */
export class ConvertContext {
  readonly #functions: FunctionFacts[] = [];
  #depth = 0;
  #privatePrefix = '';

  constructor(
    readonly text: string,
    private readonly toOriginal: (offset: number) => number,
  ) {}

  range(node: { readonly start: number; readonly length: number }): TextRange {
    return this.span(node.start, node.start + node.length);
  }

  span(start: number, end: number): TextRange {
    return { start: this.toOriginal(start), end: this.toOriginal(end) };
  }

  /** Runs `body` inside a new function and returns what was noted about it. */
  inFunction(body: () => void): FunctionFacts {
    const facts: FunctionFacts = { isGenerator: false, globalNames: [], nonlocalNames: [] };
    this.#functions.push(facts);
    body();
    this.#functions.pop();
    return facts;
  }

  /** Runs `body` inside a class of this name. */
  inClass<T>(name: string, body: () => T): T {
    const outer = this.#privatePrefix;
    const bare = name.replace(/^_+/, '');
    this.#privatePrefix = bare && `_${bare}`;
    const result = body();
    this.#privatePrefix = outer;
    return result;
  }

  /** The name as it is kept: private ones of a class are mangled (language reference 6.2.1). */
  nameOf(name: string): string {
    return this.#privatePrefix && name.startsWith('__') && !name.endsWith('__') ? this.#privatePrefix + name : name;
  }

  noteYield(): void {
    const facts = this.#functions.at(-1);
    if (facts) facts.isGenerator = true;
  }

  noteGlobal(name: string, isNonlocal: boolean): void {
    const facts = this.#functions.at(-1);
    if (facts) (isNonlocal ? facts.nonlocalNames : facts.globalNames).push(name);
  }

  /** False where nesting is deeper than any sensible program's; the caller then gives an error node. */
  descend<T>(node: ParseNode, body: () => T, tooDeep: (range: TextRange) => T): T {
    if (this.#depth >= maximumDepth) return tooDeep(this.range(node));
    this.#depth++;
    const result = body();
    this.#depth--;
    return result;
  }
}

const maximumDepth = 600;
