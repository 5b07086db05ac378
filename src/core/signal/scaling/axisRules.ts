import { type Atom, Axis, collapsed, greatestCommonDivisor, mapOwner, type Owner, type Segment, uniform } from './axis';

/** How far a network is to be scaled down. */
export interface Caps {
  /** Widths are halved as long as they stay at or above this. */
  readonly width: number;
  /** What is taken off every position axis of the inputs, by the axis' size. */
  readonly map: ReadonlyMap<number, number>;
}

/**
 * The rules by which axes of a scaled network follow from one another. What does not fit is written down with those who decided it, and the
 * inference goes on: the next round has their sizes nearer to the true ones.
 */
export class AxisRules {
  readonly conflicts = new Set<Owner>();
  /** True where something does not fit that nobody's decision explains. */
  isBroken = false;
  readonly #factors = new Map<Owner, number>();

  constructor(
    private readonly caps: Caps,
    /** Largest factor by which an owner's width may still be divided. */
    private readonly limits: ReadonlyMap<Owner, number>,
  ) {}

  conflict(...axes: readonly { readonly owners: readonly Owner[] }[]): void {
    const owners = axes.flatMap((axis) => axis.owners);
    for (const owner of owners) this.conflicts.add(owner);
    if (owners.length === 0) this.isBroken = true;
  }

  /** By how much the owner's widths were divided. */
  factorOf(owner: Owner): number {
    return this.#factors.get(owner) ?? 1;
  }

  /** A width that a layer of its own chooses. */
  width(owner: Owner, size: number): Axis {
    let factor = 1;
    const most = this.limits.get(owner) ?? Number.POSITIVE_INFINITY;
    while (size % (2 * factor) === 0 && size / (2 * factor) >= this.caps.width && 2 * factor <= most) factor *= 2;
    this.#factors.set(owner, Math.max(factor, this.factorOf(owner)));
    return axisOf({ size, scaled: size / factor, owners: factor > 1 ? [owner] : [] });
  }

  /** An axis of the input along which its values are correlated: picture, sequence. */
  map(size: number): Axis {
    const less = this.caps.map.get(size) ?? 0;
    return axisOf({ size, scaled: size - less, owners: less > 0 ? [mapOwner] : [] });
  }

  /** Two axes that are the same. */
  unify(first: Axis, second: Axis): void {
    if (first.size !== second.size) this.isBroken = true;
    else if (first.isOpen) first.join(second);
    else if (second.isOpen) second.join(first);
    else if (first.scaled !== second.scaled) this.conflict(...differing(first, second));
  }

  /** Widths along this axis are to stay as they are. */
  keep(axis: Axis): void {
    const owners = axis.owners.filter((owner) => owner !== mapOwner);
    if (owners.length > 0 && axis.scaled !== axis.size) this.conflict({ owners });
  }

  /** All of this axis stays as it is: its elements are spoken of by their places. */
  whole(axis: Axis): void {
    if (axis.scaled !== axis.size) this.conflict(axis);
  }

  /** Positions after windows that advance by `stride`, or, for a transposed one, by its inverse: every window lands as it did. */
  windows(axis: Axis, size: number, stride: number): Axis {
    const less = (axis.size - axis.scaled) / stride;
    const scaled = size - less;
    if (!Number.isInteger(less) || scaled < 1) this.conflict(axis);
    return axisOf({ size, scaled: Number.isInteger(less) ? Math.max(1, scaled) : size, owners: axis.owners });
  }

  /** An axis that grows or shrinks in proportion. */
  proportional(axis: Axis, size: number): Axis {
    const scaled = (axis.scaled * size) / axis.size;
    if (Number.isInteger(scaled)) return axisOf({ size, scaled, owners: axis.owners });
    this.conflict(axis);
    return new Axis(size);
  }

  /** How many groups the scaled channels fall into: as large as they were where that is possible, else as many. */
  groups(count: number, ...axes: readonly Axis[]): number {
    if (count === 1) return 1;
    const [first] = axes;
    const whole = first && uniform(first);
    if (!first || !whole) {
      this.conflict(...axes);
      return count;
    }
    const { size, scaled } = collapsed(whole);
    const factor = size / scaled;
    if (Number.isInteger(count / factor)) return count / factor;
    if (axes.some((axis) => axis.scaled % count !== 0)) this.conflict(...axes);
    return count;
  }

  /** Elements from `from` to `to` by `step`. */
  slice(axis: Axis, from: number, to: number, step: number): Axis {
    const size = Math.max(0, Math.ceil((to - from) / step));
    if (from === 0 && step === 1 && to >= axis.size) return axis;
    // Rows of a table that nothing has told the size of: any of them will do.
    if (axis.isOpen) return new Axis(size);
    if (axis.scaled === axis.size) return new Axis(size, [[{ size, scaled: size, owners: [] }]]);
    if (step > 1) return this.#everyOther(axis, from, size, step);
    const margin = from + axis.size - to;
    if (axis.owners.includes(mapOwner) && 2 * margin < axis.size) {
      const scaled = axis.scaled - margin;
      if (scaled < 1) this.conflict(axis);
      return axisOf({ size, scaled: Math.max(1, scaled), owners: axis.owners });
    }
    return this.#cut(axis, from, to);
  }

  /** Where the first element of such a slice stands in the scaled axis. */
  sliceStart(axis: Axis, from: number, to: number): number {
    if (axis.isOpen || axis.scaled === axis.size || from === 0) return from;
    const margin = from + axis.size - to;
    if (axis.owners.includes(mapOwner) && to - from > 1 && 2 * margin < axis.size) return from;
    let before = 0;
    let scaledBefore = 0;
    for (const segment of axis.segments) {
      const { size, scaled } = collapsed(segment);
      if (from < before + size) return scaledBefore + Math.floor(((from - before) * scaled) / size);
      before += size;
      scaledBefore += scaled;
    }
    return scaledBefore;
  }

  #everyOther(axis: Axis, from: number, size: number, step: number): Axis {
    if (axis.owners.includes(mapOwner)) return this.windows(axis, size, step);
    const scaled = Math.ceil((axis.scaled - from) / step);
    if (scaled * axis.size !== size * axis.scaled) this.conflict(axis);
    return axisOf({ size, scaled: Math.max(1, scaled), owners: axis.owners });
  }

  #cut(axis: Axis, from: number, to: number): Axis {
    const parts: Segment[] = [];
    let before = 0;
    for (const segment of axis.segments) {
      const { size, scaled, owners } = collapsed(segment);
      const start = Math.max(0, from - before);
      const end = Math.min(size, to - before);
      before += size;
      if (end <= start) continue;
      if (end - start === size) {
        parts.push(segment);
        continue;
      }
      const share = scaled / size;
      const kept = (end - start) * share;
      if (!Number.isInteger(kept) || !Number.isInteger(start * share) || this.#isNarrow(end - start, kept, owners)) {
        this.conflict({ owners });
      }
      parts.push([{ size: end - start, scaled: Math.max(1, Math.round(kept)), owners }]);
    }
    return new Axis(to - from, parts);
  }

  /** The same elements in other axes: neighbouring ones joined, joined ones taken apart. */
  reshape(axes: readonly Axis[], sizes: readonly number[]): readonly Axis[] {
    const result: Axis[] = [];
    const rest = axes.filter(({ size }) => size !== 1);
    let next = 0;
    for (let at = 0; at < sizes.length; ) {
      const size = sizes[at] as number;
      if (size === 1) {
        result.push(axisOf({ size: 1, scaled: 1, owners: [] }));
        at++;
        continue;
      }
      const first = rest[next];
      if (first?.size === size) {
        result.push(first);
        next++;
        at++;
        continue;
      }
      const group: Axis[] = [];
      const wanted: number[] = [];
      let have = 1;
      let want = 1;
      while (have !== want || group.length === 0) {
        const axis = rest[next];
        const other = sizes[at];
        if (have <= want && axis) {
          group.push(axis);
          have *= axis.size;
          next++;
        } else if (other !== undefined) {
          wanted.push(other);
          want *= other;
          at++;
        } else {
          this.isBroken = true;
          return sizes.map((own) => new Axis(own));
        }
      }
      result.push(...this.#regrouped(group, wanted));
    }
    return result;
  }

  #regrouped(group: readonly Axis[], sizes: readonly number[]): readonly Axis[] {
    const [outer, ...inner] = group;
    if (outer && sizes.length === 1 && !uniform(outer)) {
      const atoms = inner.map(uniform);
      if (atoms.every((segment) => segment !== undefined)) {
        return [
          new Axis(
            sizes[0] as number,
            outer.segments.map((segment) => [...segment, ...atoms.flat()]),
          ),
        ];
      }
    }
    const segments = group.map(uniform);
    if (!segments.every((segment) => segment !== undefined)) {
      this.conflict(...group);
      return sizes.map((size) => new Axis(size));
    }
    return this.#split(segments.flat(), sizes);
  }

  /** Atoms dealt out to axes; one that is too large for its axis is itself split. */
  #split(atoms: readonly Atom[], sizes: readonly number[]): readonly Axis[] {
    const rest = [...atoms];
    return sizes.map((size) => {
      const own: Atom[] = [];
      for (let missing = size; missing > 1; ) {
        const atom = rest.shift();
        if (!atom) {
          this.isBroken = true;
          return new Axis(size);
        }
        if (missing % atom.size === 0) {
          own.push(atom);
          missing /= atom.size;
        } else if (atom.size % missing === 0) {
          const [outer, inner] = this.#halves(atom, missing);
          own.push(outer);
          rest.unshift(inner);
          missing = 1;
        } else {
          // Neither contains the other: the two together may.
          const following = rest.shift();
          if (!following) {
            this.conflict(atom);
            return new Axis(size);
          }
          rest.unshift(collapsed([atom, following]));
        }
      }
      return new Axis(size, [own]);
    });
  }

  /** The outer of the two takes what it can of the factor: heads go before the width of one. */
  #halves(atom: Atom, outerSize: number): readonly [Atom, Atom] {
    const innerSize = atom.size / outerSize;
    const pair = (outer: number, inner: number): readonly [Atom, Atom] => [
      { size: outerSize, scaled: outer, owners: atom.owners },
      { size: innerSize, scaled: inner, owners: atom.owners },
    ];
    if (atom.size === atom.scaled) return pair(outerSize, innerSize);
    const share = atom.scaled / atom.size;
    if (Number.isInteger(outerSize * share)) return pair(outerSize * share, innerSize);
    if (atom.owners.includes(mapOwner)) {
      if (Number.isInteger(innerSize * share)) return pair(outerSize, innerSize * share);
      this.conflict(atom);
      return pair(outerSize, innerSize);
    }
    const factor = atom.size / atom.scaled;
    const taken = greatestCommonDivisor(outerSize, factor);
    const inner = (innerSize * taken) / factor;
    if (!Number.isInteger(inner) || this.#isNarrow(innerSize, inner, atom.owners)) this.conflict(atom);
    return pair(outerSize / taken, Math.max(1, Math.ceil(inner)));
  }

  /** A width below the cap that the cap would have left wider. */
  #isNarrow(size: number, scaled: number, owners: readonly Owner[]): boolean {
    return !owners.includes(mapOwner) && scaled < Math.min(size, this.caps.width);
  }
}

export function axisOf(atom: Atom): Axis {
  return new Axis(atom.size, [[atom]]);
}

/** What is smaller than it should be: of axes that are put together alike, those of their parts that differ. */
function differing(first: Axis, second: Axis): readonly { readonly owners: readonly Owner[] }[] {
  const others = second.segments.map(collapsed);
  const parts = first.segments.map(collapsed);
  const isAlike = parts.length === others.length && parts.every(({ size }, index) => size === others[index]?.size);
  if (!isAlike) return [smaller(first, second)];
  return parts.flatMap((part, index) => {
    const other = others[index] ?? part;
    return part.scaled === other.scaled ? [] : [part.scaled < other.scaled ? part : other];
  });
}

function smaller(first: Axis, second: Axis): Axis {
  return first.scaled < second.scaled ? first : second;
}
