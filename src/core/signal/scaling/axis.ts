/** What decided that part of an axis is smaller: the node whose width it is, or the size of the input's maps. */
export type Owner = number;

/** Owner of everything that follows from the size of the input's maps. */
export const mapOwner: Owner = -1;

/** A factor of an axis, with its size in the scaled network. */
export interface Atom {
  readonly size: number;
  readonly scaled: number;
  readonly owners: readonly Owner[];
}

/** A stretch of an axis: the product of its atoms, outermost first. */
export type Segment = readonly Atom[];

/** An axis: segments one after another, or open until something that it meets tells its size. */
export class Axis {
  readonly size: number;
  #segments: readonly Segment[] | undefined;
  #joined: Axis | undefined;

  constructor(size: number, segments?: readonly Segment[]) {
    this.size = size;
    this.#segments = segments;
  }

  /** An open axis becomes one with another. */
  join(other: Axis): void {
    const root = this.#root();
    if (root !== other.#root()) root.#joined = other.#root();
  }

  get isOpen(): boolean {
    return this.#root().#segments === undefined;
  }

  /** Of an open axis: as it is. */
  get segments(): readonly Segment[] {
    const root = this.#root();
    root.#segments ??= [[{ size: root.size, scaled: root.size, owners: [] }]];
    return root.#segments;
  }

  /** Size in the scaled network. */
  get scaled(): number {
    return this.isOpen ? this.size : this.segments.reduce((sum, segment) => sum + scaledOf(segment), 0);
  }

  get owners(): readonly Owner[] {
    return this.isOpen ? [] : this.segments.flatMap(ownersOf);
  }

  #root(): Axis {
    let root: Axis = this;
    while (root.#joined) root = root.#joined;
    return root;
  }
}

export function sizeOf(segment: Segment): number {
  return segment.reduce((product, { size }) => product * size, 1);
}

export function scaledOf(segment: Segment): number {
  return segment.reduce((product, { scaled }) => product * scaled, 1);
}

export function ownersOf(segment: Segment): readonly Owner[] {
  return [...new Set(segment.flatMap(({ owners }) => owners))];
}

/** The segment as one atom. */
export function collapsed(segment: Segment): Atom {
  return { size: sizeOf(segment), scaled: scaledOf(segment), owners: ownersOf(segment) };
}

/** The whole axis as one segment; undefined where its segments are scaled differently. */
export function uniform({ segments }: Axis): Segment | undefined {
  const [first] = segments;
  if (!first || segments.length === 1) return first;
  const atoms = segments.map(collapsed);
  const size = atoms.reduce((sum, atom) => sum + atom.size, 0);
  const scaled = atoms.reduce((sum, atom) => sum + atom.scaled, 0);
  if (!atoms.every((atom) => atom.scaled * size === atom.size * scaled)) return undefined;
  return [{ size, scaled, owners: [...new Set(atoms.flatMap(({ owners }) => owners))] }];
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
